import assert from 'node:assert/strict';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { createAuthority } from '../../src/certificate/authority.ts';
import type { FindingCode } from '../../src/diagnosis/finding.ts';
import { runDoctor, type DoctorAnswer } from './support/doctor-cluster.ts';
import { aboveNotes } from './support/doctor-verdict.ts';
import { startGate, type Gate } from './support/gate.ts';
import { startNode, type Node } from './support/node.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted } from './support/stage.ts';
import { runOurselves } from './support/wired-cluster.ts';

/** A node whose API server loads the webhook from a file. */
interface StaticNode extends AsyncDisposable {
  readonly node: Node;
  readonly gate: Gate;
  readonly logTails: () => Promise<string>;
}

const FOLDER = 'static-webhooks';
const FILE = join(FOLDER, 'kube-image-bouncer.yaml');

const replace =
  (from: string | RegExp, to: string) =>
  (text: string): string => {
    const changed = text.replaceAll(from, to);
    assert.notEqual(changed, text, `${String(from)} is in the file`);
    return changed;
  };

const FAULTS: readonly {
  readonly title: string;
  readonly change: (text: string) => string;
  readonly codes: readonly FindingCode[];
  readonly args?: readonly string[];
}[] = [
  {
    title: 'a name that the API server does not accept in a file',
    change: replace('kube-image-bouncer.static.k8s.io', 'kube-image-bouncer'),
    codes: ['STATIC_NAME'],
  },
  {
    title: 'a Service in place of a URL',
    change: replace(/url: .*/g, 'service: {namespace: gate, name: gate, path: /validate}'),
    codes: ['FAILURE_POLICY_IGNORE', 'STATIC_SERVICE'],
  },
  { title: 'a file that is not YAML', change: () => 'webhooks: [', codes: ['STATIC_OBJECT_UNREADABLE'] },
  {
    title: 'a file that does not configure our webhook',
    change: () => 'kind: List\nitems: []\n',
    codes: ['STATIC_FOLDER_EMPTY'],
  },
  {
    title: 'failurePolicy Ignore at stage deny',
    change: replace('failurePolicy: Fail', 'failurePolicy: Ignore'),
    codes: ['FAILURE_POLICY_IGNORE'],
  },
  {
    title: 'no rule for Deployments',
    change: replace(/^ *- deployments\n/gm, ''),
    codes: ['KIND_NOT_COVERED'],
  },
  {
    title: 'a selector by a label that users can set',
    change: replace('kubernetes.io/metadata.name', 'team'),
    codes: ['SELECTOR_SETTABLE'],
  },
  {
    title: 'an API server that loads no webhooks from files',
    change: (text) => text,
    codes: ['STATIC_TOO_OLD'],
    args: ['--kubernetes-version=1.35'],
  },
];

describe('doctor, on a node with a webhook from a file', () => {
  const wired = shared(async () => openStaticNode());

  const doctor = (...args: readonly string[]): Promise<DoctorAnswer> => {
    const { manifest, folder } = wired().node;
    return runDoctor(undefined, [`--manifest=${manifest}`, `--folder=${folder}`, ...args]);
  };

  scenario('a healthy node has nothing above a note, and enforces', async () => {
    const cluster = [`--kubeconfig=${wired().node.kubeconfig}`, '--good-image=nginx:1.17.1'];
    const { code, findings, proofs } = await doctor(...cluster);
    assert.deepEqual(aboveNotes({ findings }), [], JSON.stringify(findings, null, 2));
    assert.equal(code, 0);
    assert.deepEqual(
      proofs.map((proof) => /CANARY was refused|was admitted/.exec(proof)?.[0]),
      ['CANARY was refused', 'CANARY was refused', 'was admitted'],
    );
  });

  // The API server reads the changed files of the next scenarios, too, so this scenario comes before them.
  scenario('finds a dead gate from the answer of the API server', async () => {
    await wired().gate.stop();
    const { findings } = await runDoctor(wired().node.kubeconfig);
    assert.deepEqual(aboveNotes({ findings }), ['GATE_UNREACHABLE']);
    await wired().gate.start();
  });

  for (const { title, change, codes, args = [] } of FAULTS) {
    scenario(`finds ${title}`, async () => {
      const path = join(wired().node.folder, FILE);
      const before = await readFile(path, 'utf8');
      await writeFile(path, change(before));
      try {
        const { code, findings } = await doctor(...args);
        assert.deepEqual(aboveNotes({ findings }), codes, JSON.stringify(findings, null, 2));
        assert.equal(code, 1);
      } finally {
        await writeFile(path, before);
      }
    });
  }

  scenario('finds a missing folder', async () => {
    const folder = join(wired().node.folder, FOLDER);
    await rename(folder, `${folder}.kept`);
    const { findings } = await doctor();
    await rename(`${folder}.kept`, folder);
    assert.deepEqual(aboveNotes({ findings }), ['STATIC_FOLDER_MISSING']);
  });

  scenario('finds a missing client certificate', async () => {
    const file = join(wired().node.folder, 'pki/apiserver-client.crt');
    const before = await readFile(file, 'utf8');
    await rm(file);
    const { findings } = await doctor();
    await writeFile(file, before);
    assert.deepEqual(aboveNotes({ findings }), ['CLIENT_PAIR_UNUSABLE']);
  });
});

async function openStaticNode(): Promise<StaticNode> {
  const environment = process.env;
  await using parts = new AsyncDisposableStack();
  const authority = await createAuthority({ commonName: 'doctor', notBefore: new Date(), days: 30 });
  const client = await authority.issueClient({
    commonName: 'kube-apiserver',
    notBefore: new Date(),
    days: 30,
  });
  const gate = parts.use(await startGate({ environment, authority, clientName: 'kube-apiserver' }));
  const node = parts.use(await startNode({ environment, version: 'v1.37' }));
  const pki = join(node.folder, 'pki');
  await mkdir(pki, { recursive: true });
  await writeFile(join(pki, 'ca.crt'), authority.certificate);
  await writeFile(join(pki, 'apiserver-client.crt'), client.certificate);
  await writeFile(join(pki, 'apiserver-client.key'), client.key, { mode: 0o600 });
  assertAdmitted(
    await runOurselves(node.kubernetes, [
      'bootstrap',
      'static',
      `--url=${gate.url}`,
      `--folder=${node.folder}`,
      `--manifest=${node.manifest}`,
      `--kubeconfig=${node.kubeconfig}`,
      '--apply',
    ]),
  );
  const owned = parts.move();
  return {
    node,
    gate,
    logTails: async () => `${await node.logTails()}\n--- gate\n${await gate.logTail()}`,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
