import assert from 'node:assert/strict';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import { createAuthority } from '../../src/certificate/authority.ts';
import { folderTarget } from '../../src/certificate/folder-target.ts';
import { ensurePki, placesIn, type PkiFiles } from '../../src/certificate/pki-folder.ts';
import { rotate, type RotationTarget } from '../../src/certificate/rotation.ts';
import { imageReviewOfImages } from '../support/reviews.ts';
import { startGateOnFiles, type GateOnFiles } from './support/gate-on-files.ts';
import { Load, renderLoad, type Call, type LoadReport } from './support/load.ts';
import { makeTemporaryFolder } from './support/temporary-folder.ts';

/** Half of the rotations rename files, the other half replace a link. */
const ROTATIONS = Number(process.env['ROTATIONS'] ?? 100);
const RATE = 300;
/** Every third call opens a new connection, as an API server does after a pause. */
const FRESH = 3;
/** How often the clients read the files with the certificates. They may be this much behind. */
const LAG_MS = 20;
const DELAY_MS = 60;
/** A stalled machine sends fewer calls. Otherwise more handshakes would wait than the gate can accept in time. */
const MAX_INFLIGHT = 100;
const CLIENT = 'kube-apiserver';
/** Limits concurrent handshakes, because the machine may be busy with other tests. */
const KEPT = { keepAlive: true, maxSockets: 16 };

/** A gate on a folder of certificates, with clients that have a client certificate. */
interface Setting extends AsyncDisposable {
  readonly gate: GateOnFiles;
  readonly target: RotationTarget;
  /** The files from which clients read the trusted CA and their own certificate. */
  readonly files: PkiFiles;
}

async function start(mount: boolean): Promise<Setting> {
  const resources = new AsyncDisposableStack();
  const folder = join(resources.use(await makeTemporaryFolder('rotation')).path, 'pki');
  const { files } = await ensurePki({
    folder,
    names: ['localhost', '127.0.0.1'],
    client: { commonName: CLIENT },
    now: () => new Date(),
  });
  const shown = mount ? join(folder, 'mount') : folder;
  const publish = mount ? await openMount(files, shown) : async () => undefined;
  const served = placesIn(shown);
  const gate = resources.use(
    await startGateOnFiles([
      `--cert=${served.certificate}`,
      `--key=${served.key}`,
      `--client-ca=${served.authority}`,
      `--client-name=${CLIENT}`,
    ]),
  );
  const address = { host: '127.0.0.1', port: gate.port, serverName: 'localhost' };
  const target = publishing(folderTarget({ files, address, now: () => new Date() }), publish);
  return { gate, target, files, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Publishes all files again after each change. */
function publishing(target: RotationTarget, publish: () => Promise<void>): RotationTarget {
  const then =
    <Arguments extends readonly unknown[]>(write: (...values: Arguments) => Promise<void>) =>
    async (...values: Arguments) => {
      await write(...values);
      await publish();
    };
  return {
    ...target,
    writeTrust: then(target.writeTrust),
    writeAuthority: then(target.writeAuthority),
    writeServing: then(target.writeServing),
    writeClient: then(target.writeClient),
  };
}

/** Shows files as the kubelet shows a Secret: as links into `..data`, which is a link that is replaced. */
async function openMount(files: PkiFiles, mount: string): Promise<() => Promise<void>> {
  const names = ['tls.crt', 'tls.key', 'ca.crt'] as const;
  const sources = [files.certificate, files.key, files.authority];
  let version = 0;
  const publish = async (): Promise<void> => {
    version += 1;
    const next = join(mount, `..${version}`);
    await mkdir(next, { recursive: true });
    for (const [index, name] of names.entries())
      await writeFile(join(next, name), await readFile(sources[index] ?? '', 'utf8'), { mode: 0o600 });
    await symlink(`..${version}`, join(mount, '..data_tmp'));
    await rename(join(mount, '..data_tmp'), join(mount, '..data'));
    await rm(join(mount, `..${version - 1}`), { recursive: true, force: true });
  };
  await publish();
  for (const name of names) await symlink(join('..data', name), join(mount, name));
  return publish;
}

/** Clients that read their files every {@link LAG_MS}, and then open a new transport, as Go's clients do. */
class Clients implements AsyncDisposable {
  readonly #port: number;
  readonly #files: PkiFiles;
  readonly #timer: NodeJS.Timeout;
  #known = '';
  #context: SecureContext | undefined;
  #agent = new Agent(KEPT);

  private constructor(port: number, files: PkiFiles) {
    this.#port = port;
    this.#files = files;
    this.#timer = setInterval(() => void this.#look(), LAG_MS);
  }

  static async open({ gate, files }: Setting): Promise<Clients> {
    const clients = new Clients(gate.port, files);
    await clients.#look();
    return clients;
  }

  /** Sends a good and a bad image in turn, on a kept connection or on a new one. */
  readonly call: Call = async (number) => {
    const isGood = number % 2 === 0;
    const options = {
      ...(this.#context && { secureContext: this.#context }),
      host: '127.0.0.1',
      servername: 'localhost',
      port: this.#port,
      path: '/image_policy',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      agent: number % FRESH === 0 ? new Agent() : this.#agent,
    };
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const outgoing = request(options, (answer) => void text(answer).then(resolve, reject));
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify(imageReviewOfImages([isGood ? 'nginx:1.27.3' : 'nginx'])));
    const { status } = JSON.parse(await promise) as { status: { allowed: boolean } };
    return status.allowed === isGood ? undefined : `the wrong verdict: ${JSON.stringify(status)}`;
  };

  async #look(): Promise<void> {
    const { authority, clientCertificate, clientKey } = this.#files;
    const [ca, cert, key] = await Promise.all(
      [authority, clientCertificate, clientKey].map((file) => readFile(file, 'utf8')),
    );
    const known = `${ca}${cert}`;
    if (ca === undefined || cert === undefined || key === undefined || known === this.#known) return;
    this.#known = known;
    this.#context = createSecureContext({ ca, cert, key });
    this.#agent = new Agent(KEPT);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#agent.destroy();
  }
}

async function rotateUnderLoad(setting: Setting, rotations: number): Promise<LoadReport> {
  await using clients = await Clients.open(setting);
  const load = new Load({ call: clients.call, rate: RATE, maxInflight: MAX_INFLIGHT });
  const options = {
    authority: true,
    delayMs: DELAY_MS,
    clientDelayMs: DELAY_MS,
    now: () => new Date(),
    // The pause between two canaries is meant for users, not for a hundred rotations.
    sleep: (milliseconds: number) => sleep(Math.min(milliseconds, DELAY_MS)),
  };
  for (let rotation = 0; rotation < rotations && load.failed === 0; rotation += 1)
    await rotate(setting.target, options);
  // Awaited here, because the clients and their open calls end with this block.
  return await load.stop();
}

/** Replaces the CA and all its certificates at the same moment. */
async function replaceUnderLoad({ ...setting }: Setting, rotations: number): Promise<LoadReport> {
  await using clients = await Clients.open(setting);
  const load = new Load({ call: clients.call, rate: RATE, maxInflight: MAX_INFLIGHT });
  const { target } = setting;
  for (let rotation = 0; rotation < rotations; rotation += 1) {
    const validity = { notBefore: new Date(Date.now() - 3_600_000), days: 30 };
    const authority = await createAuthority({ commonName: `at once ${rotation}`, ...validity });
    const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };
    await target.writeServing(await authority.issueServing({ commonName: 'gate', ...names, ...validity }));
    await target.writeClient(await authority.issueClient({ commonName: CLIENT, ...validity }));
    await target.writeTrust(authority.certificate);
    await sleep(4 * DELAY_MS);
  }
  // Awaited here, because the clients and their open calls end with this block.
  return await load.stop();
}

function diagnose(context: TestContext, what: string, report: LoadReport): void {
  context.diagnostic(`${what}: ${renderLoad(report)}`);
}

describe('certificates under load', { timeout: 900_000 }, () => {
  for (const [how, mount] of [
    ['files that are renamed', false],
    ['a swapped ..data', true],
  ] as const) {
    it(`R11 ${ROTATIONS / 2} rotations of CA, leaf and client by ${how} at ${RATE} calls/s fail no call`, async (context) => {
      await using setting = await start(mount);
      const report = await rotateUnderLoad(setting, ROTATIONS / 2);
      diagnose(context, how, report);
      assert.deepEqual(report.failures, []);
      assert.ok(report.calls > (RATE / 2) * report.seconds, 'there was a load');
    });
  }

  it('R11 control: the same without overlap fails calls', async (context) => {
    await using setting = await start(false);
    const report = await replaceUnderLoad(setting, 10);
    diagnose(context, 'without overlap', report);
    assert.ok(report.failures.length > 0);
  });
});
