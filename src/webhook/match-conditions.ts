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
 * Excludes mirror pods. A node creates a mirror pod to report a static pod that already runs. A refusal could not
 * stop the static pod, and while the gate does not answer, the control plane would not see it. As in
 * `workload/subject.ts`, the user must be the node itself, authenticated by the API server.
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
 * Excludes updates that do not change the spec, because they add no image. Without a review, finalizers, labels and
 * owner references can be changed while the gate does not answer. Deletions then finish, and controllers that store
 * their status in the object, such as Argo Workflows, continue. A `PodTemplate` has its spec in `template`.
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
 * The conditions that exclude requests which need no review. `matchConditions` is generally available since 1.28. For
 * older versions there are no conditions, and the gate reviews and admits these requests.
 *
 * If a custom resource of the policy has images outside `spec` and `template`, every update is reviewed.
 *
 * With `failurePolicy: Fail` an expression with an error refuses the request without a call. Each expression
 * therefore checks that a field exists before it reads it.
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
