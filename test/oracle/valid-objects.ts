import type { Kind, Usage } from './kinds.ts';
import type { Fields, Slot } from './objects.ts';

/** An object that an API server accepts unchanged. */
export function validObject(kind: Kind, name: string, slots: readonly Slot[]): Fields {
  const podSpec = podSpecOf(slots, kind.resource.endsWith('jobs') ? 'Never' : 'Always');
  const labels = { app: name };
  const metadata = { name };
  const template = { metadata: { labels }, spec: podSpec };
  const { apiVersion } = kind;
  const head = { apiVersion, kind: kind.kind, metadata };
  switch (kind.kind) {
    case 'Pod':
      return { ...head, spec: podSpec };
    case 'PodTemplate':
      return { ...head, template };
    case 'ReplicationController':
      return { ...head, spec: { replicas: 0, selector: labels, template } };
    case 'Job':
      return { ...head, spec: { template } };
    case 'CronJob':
      return { ...head, spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template } } } };
    case 'StatefulSet':
      return {
        ...head,
        spec: { serviceName: name, replicas: 0, selector: { matchLabels: labels }, template },
      };
    case 'DaemonSet':
      return { ...head, spec: { selector: { matchLabels: labels }, template } };
    default:
      return { ...head, spec: { replicas: 0, selector: { matchLabels: labels }, template } };
  }
}

function podSpecOf(slots: readonly Slot[], restartPolicy: string): Fields {
  const named = (usage: Usage): Fields[] =>
    slots.filter((slot) => slot.usage === usage).map(({ name, image }) => ({ name, image }));
  const volumes = slots
    .filter(({ usage }) => usage === 'imageVolume')
    .map(({ name, image }) => ({ name, image: { reference: image } }));
  return {
    restartPolicy,
    containers: named('container'),
    initContainers: named('initContainer'),
    ...(volumes.length > 0 && { volumes }),
  };
}

/** Replaces the image of the container with this name. */
export function setImage(
  object: Fields,
  { podSpec }: Kind,
  name: string | undefined,
  image: string | undefined,
): void {
  const spec = podSpec.reduce<Fields>((parent, key) => parent[key] as Fields, object);
  for (const key of ['containers', 'initContainers']) {
    const container = ((spec[key] ?? []) as Fields[]).find((one) => one['name'] === name);
    if (container !== undefined) container['image'] = image;
  }
}
