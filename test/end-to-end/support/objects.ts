/** The denial of the gate's default policy. The Go program used the same text. */
export const latestRefused = 'Images using latest tag are not allowed';

/** The message of the tests' policy for users who read Chinese. */
export const latestRefusedInChinese = '检查镜像失败!镜像标签不允许使用latest!';

/** The default policy written out, with a message in a second language. */
export const noLatestPolicy = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: e2e}
spec:
  unmatchedImages: Allow
  rules:
  - name: no-latest
    disallowedTags: {tags: [latest]}
    message: ${latestRefused}
    messages: {zh: "${latestRefusedInChinese}"}
`;

/** A policy that admits every image, for objects that must exist before the gate refuses. */
export const lenientPolicy = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: e2e-lenient}
spec:
  unmatchedImages: Allow
  rules:
  - name: no-unused-tag
    disallowedTags: {tags: [unused-tag]}
`;

/** A ReplicationController as in the demo of the Go program: one replica with one container of the same name. */
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

/** A pod with one volume, which is an image. */
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
