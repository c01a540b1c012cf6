import { Option, type Command } from 'commander';
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { KubernetesObject } from '../../kubernetes/object.ts';
import type { Blocker } from '../../recovery/blocker.ts';
import { blockersOf, findConfigurations, gateNamespacesOf } from '../../recovery/configuration-blocker.ts';
import { imagePolicyBlocker } from '../../recovery/image-policy-blocker.ts';
import { choosePlaces, type Goal } from '../../recovery/places.ts';
import { isLocked, prepareProbes, runProbes, type ProbeResult, type Probe } from '../../recovery/probes.ts';
import { keepRecord, type RecoveryRecord } from '../../recovery/record.ts';
import { staticBlockers } from '../../recovery/static-blocker.ts';
import { explainLocks, takeWayOut } from '../../recovery/way-out.ts';
import { GATE_NAME } from '../../wiring/names.ts';
import { interruptible, saying } from '../../rollout/interruption.ts';
import {
  addClusterOptions,
  messageOf,
  type CommandContext,
  type ExitCode,
  type Streams,
  writeTo,
} from '../command.ts';
import { whileChanging } from '../interruption.ts';
import { decodeNumber, invalid, openCluster, SettingsError, splitList } from '../settings.ts';
import {
  renderLockReport,
  renderProbeResults,
  renderGoal,
  renderStill,
  renderUndoCommand,
} from './recover-report.ts';
import { undoRecovery } from './recover-undo.ts';

/** Options of `recover` as text. */
interface RecoverOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly configuration?: string;
  readonly namespace?: string;
  readonly image?: string;
  readonly manifest?: string;
  readonly staticManifests?: string;
  readonly wait: string;
  readonly until: Goal;
  readonly yes?: boolean;
  readonly backup?: string;
  readonly undo?: string;
}

export function define(command: Command, { streams, finish }: CommandContext): void {
  command
    .option('--yes', 'take the steps, instead of only explaining them')
    .addOption(
      new Option(
        '--until <goal>',
        'stop as soon as pods can be created in: kube-system (and the namespace of the gate), default, or all',
      )
        .choices(['kube-system', 'default', 'all'] satisfies Goal[])
        .default('kube-system'),
    )
    .option('--namespace <names>', 'more namespaces that are as important as kube-system, comma separated')
    .option(
      '--configuration <names>',
      'webhook configurations of a gate that were made by hand, comma separated',
    )
    .option(
      '--manifest <file>',
      "as root on the control-plane node: kube-apiserver's static pod manifest, for ImagePolicyWebhook",
    )
    .option(
      '--static-manifests <folder>',
      'as root on the control-plane node: webhook configurations that are loaded from files',
    )
    .option('--wait <seconds>', 'time for the API server to apply changed files', '180')
    .option('--image <image>', 'image that must be able to start (default: the running images)')
    .option('--backup <folder>', 'folder for the state before the recovery (default: the working folder)')
    .option('--undo <file>', 'restore the state before the recovery, from the file of --backup');
  addClusterOptions(command)
    .addHelpText(
      'after',
      '\nExit code: 0 nothing is locked, or the recovery succeeded; 1 something is locked; 2 could not run.',
    )
    .action(async (options: RecoverOptions) => finish(await recover(options, streams)));
}

/** One recovery of a cluster. */
interface Recovery {
  readonly options: RecoverOptions;
  readonly client: KubernetesClient;
  readonly recoveredAt: string;
  readonly isRoot: boolean;
  readonly streams: Streams;
  readonly print: (text: string) => void;
}

/**
 * Explains the least invasive way out of a lock-out. `--yes` takes its steps, and `--undo` undoes an earlier
 * recovery.
 */
async function recover(options: RecoverOptions, streams: Streams): Promise<ExitCode> {
  const isRoot = process.getuid?.() === 0;
  const print = (text: string): void => writeTo(streams.stdout, `${text}\n`);
  if (options.undo !== undefined) return undoRecovery(options.undo, options, { isRoot, print });
  const client = await openCluster(options);
  const recovery = { options, client, recoveredAt: new Date().toISOString(), isRoot, streams, print };
  const configurations = await findConfigurations(client, splitList(options.configuration));
  const blockers = await blockersFor(recovery, configurations);
  return explainOrRecover(recovery, await probesFor(recovery, configurations), blockers);
}

async function blockersFor(
  { client, options, recoveredAt, isRoot }: Recovery,
  configurations: readonly KubernetesObject[],
): Promise<readonly Blocker[]> {
  const { manifest, staticManifests } = options;
  const waitMs = decodeNumber('--wait', options.wait, 0, 9999) * 1000;
  const files = staticManifests === undefined ? [] : await listManifests(staticManifests);
  return [
    ...configurations.flatMap((configuration) => blockersOf(client, configuration)),
    ...(manifest === undefined
      ? []
      : [await imagePolicyBlocker({ manifest: resolve(manifest), isRoot, recoveredAt, waitMs })]),
    ...(await Promise.all(files.map((file) => staticBlockers(file, { isRoot, waitMs })))).flat(),
  ];
}

/** The files of a folder that the API server reads. */
async function listManifests(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new SettingsError(
      'FILE_UNREADABLE',
      `--static-manifests: ${folder} cannot be read: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  });
  return names
    .filter((name) => /\.(ya?ml|json)$/.test(name) && !name.startsWith('.'))
    .map((name) => resolve(folder, name))
    .toSorted();
}

async function probesFor(
  { client, options }: Recovery,
  configurations: readonly KubernetesObject[],
): Promise<readonly Probe[]> {
  const places = await choosePlaces(client, {
    goal: options.until,
    gateNamespaces: [...new Set([...gateNamespacesOf(configurations), GATE_NAME])],
    namespaces: splitList(options.namespace),
  });
  return prepareProbes(client, places, options.image);
}

async function explainOrRecover(
  recovery: Recovery,
  probes: readonly Probe[],
  blockers: readonly Blocker[],
): Promise<ExitCode> {
  const { client, options, print } = recovery;
  const results = await runProbes(client, probes);
  print(
    `${client.server}: objects that can be created there, tested in a dry run:\n${renderProbeResults(results)}\n`,
  );
  if (!results.some(isLocked)) {
    const isUnknown = results.some(({ refusal }) => refusal?.outcome === 'no-dry-run');
    print(
      isUnknown
        ? 'Nothing is known to be locked. A webhook that is not called in a dry run hides whether objects can be created.'
        : 'Nothing is locked.',
    );
    return isUnknown ? 1 : 0;
  }
  const report = await explainLocks(results, blockers);
  print(`${renderLockReport(report, options.until)}\n`);
  if (!results.some(isLockedAndWanted)) {
    print(
      `Nothing has been changed: ${renderGoal(options.until)} already. A wider --until also unlocks other namespaces.`,
    );
    return 1;
  }
  if (!report.locks.some((lock) => lock.results.some(isLockedAndWanted))) {
    print('Nothing has been changed: this command cannot change the causes.');
    return 1;
  }
  if (options.yes === true) return takeSteps(recovery, probes, blockers);
  print(
    'Nothing has been changed. With --yes these steps are taken one by one. After each step the probes run again, and no more steps are taken than needed. The former state is kept, and --undo restores it.',
  );
  return 1;
}

async function takeSteps(
  { client, options, recoveredAt, streams, print }: Recovery,
  probes: readonly Probe[],
  blockers: readonly Blocker[],
): Promise<ExitCode> {
  const file = resolve(options.backup ?? '.', `recover-${recoveredAt.replaceAll(':', '-')}.yaml`);
  let isKept = false;
  const takeAll = (interruption: AbortSignal) =>
    takeWayOut({
      probes,
      blockers,
      runProbes: (some) => runProbes(client, some),
      elapsed: () => performance.now(),
      sleep: interruptible(sleep, interruption),
      keep: async (changes) => {
        await keep(file, { server: client.server, recoveredAt, changes });
        if (!isKept)
          print(
            `The former state is kept in ${file}. To restore it:\n  ${renderUndoCommand(file, options)}\n`,
          );
        isKept = true;
      },
      onStep: (blocker, step) => print(`Step: ${step.kind}: ${blocker.name}: ${step.does}.`),
    });
  const { results, isUnnoticed } = await whileChanging(streams)(takeAll).catch((error: unknown) => {
    throw saying(
      error,
      `the steps that were taken remain; to restore the former state: ${renderUndoCommand(file, options)}`,
    );
  });
  print(`\nNow:\n${renderProbeResults(results)}\n`);
  const isOut = !results.some(isLockedAndWanted);
  if (isOut) print(`Done: ${renderGoal(options.until)} again.`);
  else if (isUnnoticed)
    print(
      `The API server has not applied the change within ${options.wait} s (--wait); nothing more is changed.`,
    );
  else print('This command can do nothing more.');
  print(renderStill(results.filter(isLocked)));
  return isOut ? 0 : 1;
}

function isLockedAndWanted(result: ProbeResult): boolean {
  return isLocked(result) && result.probe.place.isWanted;
}

async function keep(file: string, record: RecoveryRecord): Promise<void> {
  try {
    await keepRecord(file, record);
  } catch (cause) {
    throw invalid(`--backup: ${file} cannot be written, so nothing more is changed: ${messageOf(cause)}`, {
      cause,
    });
  }
}
