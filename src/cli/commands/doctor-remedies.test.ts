import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { CommanderError, type Command } from 'commander';
import {
  examineChanged,
  withGate,
  webhooksOf,
  namespaceOf,
  withWebhooks,
  gateObject,
} from '#test/cluster-findings.ts';
import { examineChangedNode } from '#test/node-findings.ts';
import { type Finding, FINDING_KINDS } from '../../diagnosis/finding.ts';
import { argumentsOf, commandsOf, type Remedy, renderRemedy } from '../../diagnosis/remedy.ts';
import { createProgram } from '../program.ts';

/** Our commands in a remedy, as command lines. */
function commandLines(remedy: Remedy): readonly (readonly string[])[] {
  return commandsOf(remedy).flatMap((command) => (command.form === 'shell' ? [] : [argumentsOf(command)]));
}

/** Parses a command line without running it; returns the name of its command, or the error. */
async function parse(args: readonly string[]): Promise<string> {
  const output = new PassThrough();
  const streams = { stdin: Readable.from([]), stdout: output, stderr: output };
  const program = await createProgram({ environment: {}, streams, finish: () => undefined });
  let parsed = 'nothing';
  const replaceActions = (command: Command, path: readonly string[]): void => {
    if (command.commands.length === 0) command.action(() => void (parsed = path.join(' ')));
    for (const one of command.commands) replaceActions(one, [...path, one.name()]);
  };
  replaceActions(program, []);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return parsed;
  } catch (error) {
    if (error instanceof CommanderError) return error.message;
    throw error;
  }
}

/** The remedies of the catalogue contain no address of the gate. The test adds one. */
const withAddress = (args: readonly string[]): readonly string[] =>
  args.map((word) => (word === '…' ? '--service' : word));

describe('each command of a remedy is a command line of this program', () => {
  for (const [code, { remedy }] of Object.entries(FINDING_KINDS)) {
    for (const args of commandLines(remedy)) {
      it(`${code}: ${args.join(' ')}`, async () => {
        const name = args.slice(0, args[0] === 'bootstrap' || args[0] === 'certificate' ? 2 : 1).join(' ');
        assert.equal(await parse(withAddress(args)), name);
      });
    }
  }

  it('the catalogue contains such commands', () => {
    const all = Object.values(FINDING_KINDS).flatMap(({ remedy }) => commandLines(remedy));
    assert.ok(all.length > 50, `${all.length} commands`);
  });

  it('an option that no command has is refused', async () => {
    assert.match(await parse(['bootstrap', 'webhook', '--nothing']), /unknown option/);
    assert.match(await parse(['recover', 'now']), /too many arguments/);
  });
});

describe('a remedy keeps the choices of the cluster', () => {
  const remediesOf = (findings: readonly Finding[], code: string): readonly string[] =>
    findings.filter((one) => one.code === code).map(({ remedy }) => renderRemedy(remedy));

  const CASES: readonly (readonly [
    cause: string,
    code: string,
    change: Parameters<typeof examineChanged>[0],
    command: string,
  ])[] = [
    [
      'a Service',
      'TIMEOUT_LONG',
      withWebhooks({ timeoutSeconds: 30 }),
      'bootstrap webhook --service --kube-system deny --apply',
    ],
    [
      'a URL',
      'TIMEOUT_LONG',
      {
        webhooks: webhooksOf({
          address: { form: 'url', origin: 'https://gate.example.com:8443' },
          timeoutSeconds: 30,
        }),
      },
      'bootstrap webhook --url https://gate.example.com:8443 --ca-cert FILE --kube-system deny --apply',
    ],
    [
      'stage warn',
      'TIMEOUT_LONG',
      { webhooks: webhooksOf({ stage: 'warn', timeoutSeconds: 30 }) },
      'bootstrap webhook --service --stage warn --apply',
    ],
    [
      'kube-system left out',
      'TIMEOUT_LONG',
      { webhooks: webhooksOf({ kubeSystem: 'exempt', timeoutSeconds: 30 }) },
      'bootstrap webhook --service --kube-system exempt --apply',
    ],
    [
      'an exempt namespace',
      'TIMEOUT_LONG',
      { webhooks: webhooksOf({ exemptNamespaces: ['default'], timeoutSeconds: 30 }) },
      'bootstrap webhook --service --exempt-namespaces default --apply',
    ],
    [
      'a namespace that the selector leaves out by mistake',
      'NAMESPACE_UNCOVERED',
      {
        webhooks: webhooksOf({ exemptNamespaces: ['kube-public'] }),
        namespaces: ['default', 'kube-system', 'kube-public'].map(namespaceOf),
      },
      'bootstrap webhook --service --kube-system deny --apply',
    ],
    [
      'five replicas',
      'TIMEOUT_LONG',
      {
        ...withWebhooks({ timeoutSeconds: 30 }),
        ...withGate({ deployment: gateObject('Deployment', { replicas: 5 }) }),
      },
      'bootstrap webhook --service --kube-system deny --replicas 5 --apply',
    ],
  ];
  for (const [cause, code, change, command] of CASES) {
    it(cause, async () => {
      const texts = remediesOf(await examineChanged(change), code);
      assert.deepEqual([...new Set(texts)], [`kube-image-bouncer ${command}`]);
      for (const text of texts) assert.equal(await parse(text.split(' ').slice(1)), 'bootstrap webhook');
    });
  }

  it('the stage of ImagePolicyWebhook is raised by the command for nodes', async () => {
    const findings = await examineChangedNode('image-policy', {
      files: { 'kubeconfig.yaml': (text) => text.replace('/image_policy', '/image_policy/warn') },
    });
    const below = findings.find(({ code }) => code === 'BELOW_DENY');
    const [args = []] = commandLines(below?.remedy ?? []);
    assert.deepEqual(args, ['bootstrap', 'image-policy', '--stage', 'deny', '--apply']);
    assert.equal(await parse(args), 'bootstrap image-policy');
  });
});
