import assert from 'node:assert/strict';
import test from 'node:test';
import { defaultPolicyDocument } from '../policy/default-policy.ts';
import { decodePolicy } from '../policy/decode.ts';
import { crioNodesOf } from '../wiring/runtimes.ts';
import { describeShortNames, forNodes } from './short-names.ts';

const node = (name: string, containerRuntimeVersion: string) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  status: { nodeInfo: { containerRuntimeVersion } },
});

const NODES = [node('a', 'containerd://2.1.0'), node('b', 'cri-o://1.34.1'), node('c', 'cri-o://1.34.1')];

test('X17 the default policy of a cluster with a CRI-O node refuses images without a registry', async () => {
  const document = defaultPolicyDocument(['docker.io']);
  assert.equal(forNodes(document, crioNodesOf(NODES.slice(0, 1))), document);
  const policy = await decodePolicy(forNodes(document, crioNodesOf(NODES)));
  assert.equal(policy.shortNames, 'Refuse');
});

test('X17 bootstrap says which nodes run CRI-O, and what the policy has to have', () => {
  assert.deepEqual(crioNodesOf(NODES), ['b (cri-o://1.34.1)', 'c (cri-o://1.34.1)']);
  assert.deepEqual(crioNodesOf([{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } }]), []);
  assert.equal(describeShortNames({ shortNames: 'DockerHub' }, []), undefined);
  assert.match(
    describeShortNames({ shortNames: 'DockerHub' }, crioNodesOf(NODES)) ?? '',
    /^node b \(cri-o:\/\/1\.34\.1\) and 1 more: .*add shortNames: Refuse to the spec of the policy$/,
  );
  assert.match(describeShortNames({ shortNames: 'Refuse' }, ['b']) ?? '', /no pattern admits such an image$/);
});
