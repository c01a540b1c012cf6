import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { freePort } from '../end-to-end/support/free-ports.ts';
import { askImages, askPod, send } from './ask.ts';
import { certificates } from './certificates.ts';
import { runCommandLine } from './gate-process.ts';
import { sharedGates } from './shared-gates.ts';

const HERE = 'registry.example.com/team/app:1.0';
const THERE = 'quay.io/acme/app:1.0';

describe('a variable of the Go program', { concurrency: 4 }, () => {
  const gates = sharedGates();
  after(() => gates[Symbol.asyncDispose]());
  const port = freePort();
  const otherPort = freePort();
  const variables = async () => {
    const { certificateFile, keyFile } = await certificates;
    return {
      BOUNCER_CERTIFICATE: certificateFile,
      BOUNCER_KEY: keyFile,
      BOUNCER_REGISTRY_WHITELIST: 'registry.example.com',
      BOUNCER_PORT: String(await port),
    };
  };
  // The port comes from the variable, so that --port is not given.
  const set = gates.share(
    () => ['serve', '--health-port=0', '--drain=0'],
    async () => ({ variables: { ...(await variables()), BOUNCER_DEBUG: 'true' }, defaults: [] }),
  );
  const nowhere = { BOUNCER_CERTIFICATE: '/nowhere/tls.crt', BOUNCER_KEY: '/nowhere/tls.key' };
  const overruled = gates.share(
    async () => {
      const { certificateFile, keyFile } = await certificates;
      const pair = [`--cert=${certificateFile}`, `--key=${keyFile}`];
      return [...pair, `--port=${await otherPort}`, '--registry-whitelist=quay.io', '--debug'];
    },
    async () => ({ variables: { ...(await variables()), ...nowhere, BOUNCER_DEBUG: 'false' } }),
  );
  const ask = async () => ({ ca: (await certificates).authority });

  it('flip: BOUNCER_CERTIFICATE and BOUNCER_KEY serve HTTPS with that certificate', async () => {
    const gate = await set();
    assert.equal(gate.scheme, 'https');
    assert.equal((await askImages(gate, [HERE], await ask())).allowed, true);
  });

  it('flip: BOUNCER_PORT is the port for reviews; --port overrides it', async () => {
    assert.equal((await set()).port, await port);
    assert.equal((await overruled()).port, await otherPort);
  });

  it('flip: BOUNCER_REGISTRY_WHITELIST refuses images of other registries; --registry-whitelist overrides it', async () => {
    const options = await ask();
    for (const [gate, here, there] of [
      [await set(), true, false],
      [await overruled(), false, true],
    ] as const) {
      assert.equal((await askImages(gate, [HERE], options)).allowed, here);
      assert.equal((await askImages(gate, [THERE], options)).allowed, there);
      assert.equal((await askPod(gate, HERE, options)).allowed, here);
      assert.equal((await askPod(gate, THERE, options)).allowed, there);
    }
  });

  it('flip: BOUNCER_DEBUG logs more; --debug overrides BOUNCER_DEBUG=false', async () => {
    for (const gate of [await set(), await overruled()]) {
      await send(gate, '/nowhere', {}, await ask());
      assert.equal((await gate.line('request refused'))['level'], 'debug');
    }
  });

  it('flip: --cert and --key override BOUNCER_CERTIFICATE and BOUNCER_KEY', async () => {
    const { code, stderr } = await runCommandLine(['--port=0'], nowhere);
    assert.equal(code, 2);
    assert.match(stderr, /\/nowhere\/tls\.crt/);
    assert.equal((await overruled()).scheme, 'https');
  });
});
