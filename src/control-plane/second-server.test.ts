import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { requireOnlyServer } from './second-server.ts';

const SERVER = 'kind: Pod\nspec: {containers: [{name: a, command: [kube-apiserver, --v=2]}]}\n';

test('X06 --apply is refused while another file runs kube-apiserver, whatever its name is', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'second-server-'));
  context.after(() => rm(folder, { recursive: true }));
  const manifest = join(folder, 'kube-apiserver.yaml');
  await writeFile(manifest, SERVER);
  await writeFile(join(folder, '.hidden.yaml'), SERVER);
  await writeFile(join(folder, 'etcd.yaml'), SERVER.replace('kube-apiserver', 'etcd'));
  await mkdir(join(folder, 'backup'));
  await requireOnlyServer(manifest);
  await writeFile(join(folder, 'old.txt'), SERVER);
  await assert.rejects(requireOnlyServer(manifest), {
    code: 'API_SERVER_MANIFEST_INVALID',
    message: /old\.txt:1:1: it runs kube-apiserver too/,
  });
});
