import assert from 'node:assert/strict';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { createAuthority } from '../../src/certificate/authority.ts';
import { API_SERVER_NAME, GATE_FILES } from '../../src/control-plane/gate-command.ts';
import { GATE_USER, renderGatePod } from '../../src/control-plane/gate-pod.ts';
import { makeTemporaryFolder } from '../end-to-end/support/temporary-folder.ts';
import { askImages, look } from '../serve/ask.ts';
import { image } from './built-image.ts';
import { startContainedGate } from './container.ts';
import { runtimeSpecOf, type PodSpec } from './pod-container.ts';

const validity = { notBefore: new Date(Date.now() - 3_600_000), days: 2 };

describe('the gate in its image, as the static pod of bootstrap image-policy runs it', () => {
  it('answers the API server, and refuses clients without its certificate', async () => {
    const { path: folder } = await makeTemporaryFolder('node');
    const authority = await createAuthority({ commonName: 'node', ...validity });
    const serving = { commonName: 'gate', dnsNames: ['localhost'], ipAddresses: [], ...validity };
    const gatePair = await authority.issueServing(serving);
    const client = await authority.issueClient({ commonName: API_SERVER_NAME, ...validity });
    await mkdir(join(folder, 'pki'));
    await writeFile(join(folder, GATE_FILES.certificate), gatePair.certificate);
    await writeFile(join(folder, GATE_FILES.authority), authority.certificate);
    await writeFile(join(folder, GATE_FILES.policy), POLICY);
    const key = join(folder, GATE_FILES.key);
    await writeFile(key, gatePair.key, { mode: 0o600 });
    await chown(key, GATE_USER, GATE_USER);
    await chmod(folder, 0o755);

    const gateOptions = { address: '127.0.0.1', port: 1323, healthPort: 1324 } as const;
    const manifest = renderGatePod({ ...gateOptions, image: 'gate', folder, clientAuthority: 'authority' });
    const { spec } = parse(manifest) as { readonly spec: PodSpec };
    const args = ['--port=0', '--health-port=0', '--drain=0'];
    const around = { image: await image, volumes: { files: folder }, args };
    await using gate = await startContainedGate(await runtimeSpecOf(spec, around));

    const ca = authority.certificate;
    const apiServer = { ca, cert: client.certificate, key: client.key };
    assert.equal((await askImages(gate, ['nginx'], apiServer)).allowed, false);
    assert.equal((await askImages(gate, ['nginx:1.17.1'], apiServer)).allowed, true);
    await assert.rejects(askImages(gate, ['nginx:1.17.1'], { ca }));
    assert.equal((await look(gate, '/readyz')).status, 200);
  });
});

const POLICY = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: node}
spec:
  unmatchedImages: Allow
  rules:
  - name: no-latest
    disallowedTags: {tags: [latest]}
`;
