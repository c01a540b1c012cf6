import { isAtLeast, type KubernetesVersion } from '../kubernetes/version.ts';
import { rootsOf } from '../workload/custom/custom-kind.ts';
import { kindsIn } from '../workload/kinds.ts';
import type { KindTable } from '../workload/kinds.ts';

/** `matchConditions[]` of a webhook: a request is reviewed only if every expression is true. */
export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

/**
 * A node reports a static pod that runs already. A refusal could not stop the pod, and a gate that does not answer would
 * hide it from the control plane. As in `workload/subject.ts`, the user has to be the node itself, authenticated by the
 * API server.
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
 * An update without a change of the spec brings no image. Without a review, finalizers, labels and owner references can
 * be changed while no gate answers: deletions finish, and controllers that keep the status in the object itself continue,
 * such as Argo Workflows. A `PodTemplate` has its spec in `template`.
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
 * Requests that need no review. The field is generally available since 1.28. Before, the gate reviews these requests
 * and admits them.
 *
 * If a custom resource of the policy has images outside `spec` and `template`, every update is reviewed.
 *
 * With `failurePolicy: Fail` an expression with an error refuses the request without a call. Each expression therefore
 * checks that a field exists before it reads it.
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
