import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { openCluster } from '../../kubernetes/config.ts';
import type { KubernetesObject } from '../../kubernetes/object.ts';
import type { Blocker } from '../../recovery/blocker.ts';
import { blockersOf, findConfigurations, gateNamespacesOf } from '../../recovery/configuration-blocker.ts';
import { imagePolicyBlocker } from '../../recovery/image-policy-blocker.ts';
import { choosePlaces } from '../../recovery/places.ts';
import { isLocked, prepareProbes, runProbes, type Finding, type Probe } from '../../recovery/probes.ts';
import { keepRecord, type RecoveryRecord } from '../../recovery/record.ts';
import { staticBlockers } from '../../recovery/static-blocker.ts';
import { diagnose, takeWayOut } from '../../recovery/way-out.ts';
import { GATE_NAME } from '../../wiring/names.ts';
import { splitList } from '../chosen-policy.ts';
import type { RecoverOptions } from '../recover-options.ts';
import { SettingsError } from '../settings-error.ts';
import type { ExitCode, Streams } from '../streams.ts';
import {
  renderDiagnosis,
  renderFindings,
  renderGoal,
  renderStill,
  renderUndoCommand,
} from './recover-report.ts';
import { undoRecovery } from './recover-undo.ts';

/** One recovery: which cluster, begun when, with what to look at and what to change. */
interface Recovery {
  readonly options: RecoverOptions;
  readonly client: KubernetesClient;
  readonly recoveredAt: string;
  readonly isRoot: boolean;
  readonly say: (text: string) => void;
}

/** Explains the least invasive way out of a lock-out and, when told to, takes it; or takes it back. */
export async function recover(options: RecoverOptions, streams: Streams): Promise<ExitCode> {
  const isRoot = process.getuid?.() === 0;
  const say = (text: string): void => void streams.stdout.write(`${text}\n`);
  if (options.undo !== undefined) return undoRecovery(options.undo, options, { isRoot, say });
  const client = await openCluster(options);
  const recovery = { options, client, recoveredAt: new Date().toISOString(), isRoot, say };
  const configurations = await findConfigurations(client, splitList(options.configuration ?? ''));
  const blockers = await blockersFor(recovery, configurations);
  return leave(recovery, await probesFor(recovery, configurations), blockers);
}

async function blockersFor(
  { client, options, recoveredAt, isRoot }: Recovery,
  configurations: readonly KubernetesObject[],
): Promise<readonly Blocker[]> {
  const { manifest, staticManifests } = options;
  const waitMs = decodeSeconds(options.wait) * 1000;
  const files = staticManifests === undefined ? [] : await listManifests(staticManifests);
  return [
    ...configurations.flatMap((configuration) => blockersOf(client, configuration)),
    ...(manifest === undefined
      ? []
      : [await imagePolicyBlocker({ manifest: resolve(manifest), isRoot, recoveredAt, waitMs })]),
    ...(await Promise.all(files.map((file) => staticBlockers(file, { isRoot, waitMs })))).flat(),
  ];
}

/** What the API server reads of the folder: its direct children of these names. */
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

function decodeSeconds(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new SettingsError(
    'SETTING_INVALID',
    `--wait: ${JSON.stringify(text)} is not a whole number from 0 to 9999`,
  );
}

async function probesFor(
  { client, options }: Recovery,
  configurations: readonly KubernetesObject[],
): Promise<readonly Probe[]> {
  const places = await choosePlaces(client, {
    goal: options.until,
    gateNamespaces: [...new Set([...gateNamespacesOf(configurations), GATE_NAME])],
    namespaces: splitList(options.namespace ?? ''),
  });
  return prepareProbes(client, places, options.image);
}

async function leave(
  recovery: Recovery,
  probes: readonly Probe[],
  blockers: readonly Blocker[],
): Promise<ExitCode> {
  const { client, options, say } = recovery;
  const findings = await runProbes(client, probes);
  say(`${client.server}: what can be created there, on trial:\n${renderFindings(findings)}\n`);
  if (!findings.some(isLocked)) {
    const isUnknown = findings.some(({ refusal }) => refusal?.outcome === 'no-dry-run');
    say(
      isUnknown
        ? 'Nothing is known to be locked. A webhook that is not called in a dry run hides whether objects can be created.'
        : 'Nothing is locked.',
    );
    return isUnknown ? 1 : 0;
  }
  const diagnosis = await diagnose(findings, blockers);
  say(`${renderDiagnosis(diagnosis, options.until)}\n`);
  if (!findings.some(isLockedAndWanted)) {
    say(`Nothing has been changed: ${renderGoal(options.until)} already. A wider --until goes further.`);
    return 1;
  }
  if (!diagnosis.locks.some((lock) => lock.findings.some(isLockedAndWanted))) {
    say('Nothing has been changed: nothing of that can be changed from here.');
    return 1;
  }
  if (options.yes === true) return take(recovery, probes, blockers);
  say(
    'Nothing has been changed. With --yes these steps are taken one by one, with another look after each, and no further than needed; what was before is kept, and can be put back.',
  );
  return 1;
}

async function take(
  { client, options, recoveredAt, say }: Recovery,
  probes: readonly Probe[],
  blockers: readonly Blocker[],
): Promise<ExitCode> {
  const file = resolve(options.backup ?? '.', `recover-${recoveredAt.replaceAll(':', '-')}.yaml`);
  let isKept = false;
  const { findings, isUnnoticed } = await takeWayOut({
    probes,
    blockers,
    runProbes: (some) => runProbes(client, some),
    elapsed: () => performance.now(),
    sleep: (ms) => sleep(ms),
    keep: async (changes) => {
      await keep(file, { server: client.server, recoveredAt, changes });
      if (!isKept)
        say(`What was before is kept in ${file}. To put it back:\n  ${renderUndoCommand(file, options)}\n`);
      isKept = true;
    },
    onStep: (blocker, step) => say(`Step: ${step.kind}: ${blocker.name}: ${step.does}.`),
  });
  say(`\nNow:\n${renderFindings(findings)}\n`);
  const isOut = !findings.some(isLockedAndWanted);
  if (isOut) say(`Done: ${renderGoal(options.until)} again.`);
  else if (isUnnoticed)
    say(
      `The API server has not acted on the change within ${options.wait} s (--wait); nothing more is changed.`,
    );
  else say('Nothing more can be done from here.');
  say(renderStill(findings.filter(isLocked)));
  return isOut ? 0 : 1;
}

function isLockedAndWanted(finding: Finding): boolean {
  return isLocked(finding) && finding.probe.place.isWanted;
}

async function keep(file: string, record: RecoveryRecord): Promise<void> {
  try {
    await keepRecord(file, record);
  } catch (cause) {
    throw new SettingsError(
      'SETTING_INVALID',
      `--backup: ${file} cannot be written, so nothing more is changed: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
