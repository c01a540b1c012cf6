import { POLICY_API_VERSION, POLICY_KIND, type PolicyDocument, type RuleDocument } from './schema.ts';

const NO_LATEST: RuleDocument = {
  name: 'no-latest',
  disallowedTags: { tags: ['latest'] },
  message: 'Images using latest tag are not allowed',
  messages: { zh: '检查镜像失败!镜像标签不允许使用latest!' },
};

/**
 * The policy for a gate without `--policy`: the rules of the Go program of the same name, without its faults. No image may
 * be pulled by the tag `latest`. With `allowedRegistries` (hosts, with their ports) no image may come from another host.
 */
export function defaultPolicyDocument(allowedRegistries: readonly string[]): PolicyDocument {
  const rules = [NO_LATEST];
  if (allowedRegistries.length > 0) {
    rules.push({
      name: 'allowed-registries',
      allowedImages: { images: allowedRegistries.map((registry) => `${registry}/**`) },
      message: 'Images from this registry are not allowed',
      messages: { zh: '检查镜像失败!不允许使用该镜像仓库!' },
    });
  }
  return {
    apiVersion: POLICY_API_VERSION,
    kind: POLICY_KIND,
    metadata: { name: 'default' },
    spec: { unmatchedImages: 'Allow', rules },
  };
}
