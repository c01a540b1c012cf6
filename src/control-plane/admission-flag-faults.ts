import { ADMISSION_FLAGS, type Flag, itemsOf } from './api-server-flags.ts';
import type { ApiServerManifest } from './api-server-manifest.ts';
import { nearestOf } from './near-miss.ts';

/** A mistake in the flags with which the API server does not start. */
interface FlagFault {
  /** `file:line:column`. */
  readonly place: string;
  readonly sentence: string;
}

/** The admission plugins of kube-apiserver 1.24 to 1.37. */
const PLUGINS: readonly string[] = `
  AlwaysAdmit AlwaysDeny AlwaysPullImages CertificateApproval CertificateSigning CertificateSubjectRestriction
  ClusterTrustBundleAttest DefaultIngressClass DefaultStorageClass DefaultTolerationSeconds DenyServiceExternalIPs
  EventRateLimit ExtendedResourceToleration ImagePolicyWebhook LimitPodHardAntiAffinityTopology LimitRanger
  MutatingAdmissionPolicy MutatingAdmissionWebhook NamespaceAutoProvision NamespaceExists NamespaceLifecycle
  NodeDeclaredFeatureValidator NodeRestriction OwnerReferencesPermissionEnforcement PersistentVolumeClaimResize
  PersistentVolumeLabel PodGroupProtection PodNodeSelector PodResizeValidator PodSecurity PodSecurityPolicy
  PodTolerationRestriction PodTopologyLabels Priority ResourceQuota RuntimeClass SecurityContextDeny ServiceAccount
  StorageObjectInUseProtection TaintNodesByCondition ValidatingAdmissionPolicy ValidatingAdmissionWebhook`
  .trim()
  .split(/\s+/);

/** The mistakes in the admission flags of a manifest, in their order. */
export function findFlagFaults({ flags, words, positionOf }: ApiServerManifest): readonly FlagFault[] {
  const at = ({ path }: Pick<Flag, 'path'>, sentence: string): FlagFault => ({
    place: positionOf(path),
    sentence,
  });
  return [
    ...words.flatMap(({ text, path }) => {
      const [, name] = /^-([a-z][\w-]*)/.exec(text) ?? [];
      return name !== undefined && ADMISSION_FLAGS.includes(name.replaceAll('_', '-'))
        ? [at({ path }, `flags of kube-apiserver begin with two dashes (write --${name})`)]
        : [];
    }),
    ...flags.flatMap((flag) => faultsOf(flag).map((sentence) => at(flag, sentence))),
    ...findMixture(flags).map((flag) =>
      at(flag, '--admission-control is not allowed beside --enable- or --disable-admission-plugins'),
    ),
  ];
}

function faultsOf({ name, value }: Flag): readonly string[] {
  if (!ADMISSION_FLAGS.includes(name)) {
    const meant = nearestOf(name, ADMISSION_FLAGS) ?? (isAboutAdmission(name) ? closest(name) : undefined);
    return meant === undefined ? [] : [`kube-apiserver has no flag --${name} (write --${meant})`];
  }
  if (value === undefined) return [`--${name} has no value`];
  return name === 'admission-control-config-file' ? [] : itemsOf(value).flatMap(pluginFaults);
}

function isAboutAdmission(name: string): boolean {
  return /admission/i.test(name);
}

/** The flag that shares the most words. */
function closest(name: string): string | undefined {
  const words = new Set(name.toLowerCase().split('-'));
  const shared = (flag: string): number => flag.split('-').filter((word) => words.has(word)).length;
  return ADMISSION_FLAGS.toSorted((one, other) => shared(other) - shared(one))[0];
}

function pluginFaults(name: string): readonly string[] {
  if (PLUGINS.includes(name)) return [];
  if (name.trim() === '') return ['it names an empty plugin (remove the comma)'];
  if (name !== name.trim())
    return [`a blank belongs to the name of the plugin ${JSON.stringify(name)} (remove the blank)`];
  const meant = nearestOf(name, PLUGINS);
  return meant === undefined ? [] : [`kube-apiserver knows no plugin ${name} (write ${meant})`];
}

/** The old flag, if a new one is there too. */
function findMixture(flags: readonly Flag[]): readonly Flag[] {
  const isNew = flags.some(({ name }) => /^(?:en|dis)able-admission-plugins$/.test(name));
  return isNew ? flags.filter(({ name }) => name === 'admission-control').slice(0, 1) : [];
}
