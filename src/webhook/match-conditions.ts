import { isAtLeast, type KubernetesVersion } from '../kubernetes/version.ts';
import { rootsOf } from '../workload/custom/custom-kind.ts';
import { kindsIn } from '../workload/kinds.ts';
import type { KindTable } from '../workload/kinds.ts';

/** `matchConditions[]` of a webhook: it is asked only when every expression is true. */
export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

/**
 * A node tells of a static pod that it runs already: asking could not stop the pod, and a gate that does not answer
 * would keep the control plane from showing it. Whom to believe is read as in `workload/subject.ts`: the node itself,
 * as the API server authenticated it.
 */
const NOT_A_MIRROR_POD: MatchCondition = {
  name: 'not-a-mirror-pod',
  expression: [
    `!(request.operation == 'CREATE' && request.kind.group == '' && request.kind.kind == 'Pod'`,
    `&& has(request.userInfo.groups) && 'system:nodes' in request.userInfo.groups`,
    `&& has(object.spec.nodeName) && request.userInfo.username == 'system:node:' + object.spec.nodeName`,
    `&& has(object.metadata.annotations) && 'kubernetes.io/config.mirror' in object.metadata.annotations)`,
  ].join(' '),
};

/**
 * An update that leaves the whole spec as it was brings no image. Finalizers, labels and owner references can then be
 * changed although no gate answers, so that nothing hangs in deletion, and a controller that writes the status of a custom
 * resource into the object itself, as Argo Workflows does, goes on. A `PodTemplate` has its spec in `template`.
 */
const CHANGES_THE_SPEC: MatchCondition = {
  name: 'changes-the-spec',
  expression: [
    `request.operation != 'UPDATE'`,
    `|| has(object.spec) != has(oldObject.spec) || has(object.template) != has(oldObject.template)`,
    `|| (has(object.spec) && object.spec != oldObject.spec)`,
    `|| (has(object.template) && object.template != oldObject.template)`,
  ].join(' '),
};

/**
 * What need not be asked about, where the version can say so: the field is there for everybody from 1.28 on. Before
 * it, the gate is asked, and admits the same.
 *
 * Where a policy tells of a custom resource whose images stand elsewhere than in `spec` or `template`, each of its
 * updates has to be asked about, and so every update.
 *
 * An expression that fails refuses under `failurePolicy: Fail`, without a call: each field is looked for before it is read.
 */
export function matchConditions(version: KubernetesVersion, kinds: KindTable): readonly MatchCondition[] {
  if (!isAtLeast(version, 1, 28)) return [];
  return holdsImagesElsewhere(kinds) ? [NOT_A_MIRROR_POD] : [NOT_A_MIRROR_POD, CHANGES_THE_SPEC];
}

function holdsImagesElsewhere(kinds: KindTable): boolean {
  return kindsIn(kinds).some(
    (kind) =>
      kind.origin === 'custom' && rootsOf(kind).some((root) => root !== 'spec' && root !== 'template'),
  );
}
