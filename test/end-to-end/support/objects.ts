/** The refusal text of the gate's default policy, the one that the Go program used. */
export const latestRefused = 'Images using latest tag are not allowed';

/** What the tests' own policy says to people who read Chinese. */
export const latestRefusedInChinese = '检查镜像失败!镜像标签不允许使用latest!';

/** The default policy written out, with a message in a second language. */
export const noLatestPolicy = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: e2e}
spec:
  unmatchedImages: Deny
  rules:
  - name: no-latest
    disallowedTags: {tags: [latest]}
    message: ${latestRefused}
    messages: {zh: "${latestRefusedInChinese}"}
`;

/** A policy that lets every image in, for objects that must exist before the gate is strict. */
export const lenientPolicy = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: e2e-lenient}
spec:
  unmatchedImages: Allow
  rules:
  - name: no-unused-tag
    disallowedTags: {tags: [unused-tag]}
`;

/** A ReplicationController as the Go program's demo has it: one replica, one container of the same name. */
export function replicationController(name: string, image: string): object {
  return {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { app: name },
      template: {
        metadata: { name, labels: { app: name } },
        spec: { containers: [{ name, image, ports: [{ containerPort: 80 }] }] },
      },
    },
  };
}

/** A pod whose only volume is an image. */
export function podWithImageVolume(name: string, reference: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      containers: [{ name, image: 'nginx:1.17.1', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
      volumes: [{ name: 'data', image: { reference } }],
    },
  };
}
