import { quote } from '../../image/quote.ts';
import type { Goal, TrialPlace } from '../../recovery/places.ts';
import { isLocked, type ProbeResult } from '../../recovery/probes.ts';
import { API_SERVER_MANIFEST } from '../../wiring/names.ts';
import { originOf, type Refusal } from '../../wiring/refusal.ts';
import type { LockReport, Lock, PlannedStep } from '../../recovery/way-out.ts';

/** Longest quotation of an API server's message, in characters. */
const MESSAGE_CHARACTERS = 600;

const GOAL_WORDS: Readonly<Record<Goal, string>> = {
  'kube-system': 'pods of kube-system, nodes and the gate itself',
  default: 'pods of kube-system and of default, nodes and the gate itself',
  all: 'pods of every namespace, nodes and the gate itself',
};

/** The meaning of a goal: `pods of kube-system, nodes and the gate itself can be created`. */
export function renderGoal(goal: Goal): string {
  return `${GOAL_WORDS[goal]} can be created`;
}

/** A line for each probe: whether the object can be created. */
export function renderProbeResults(results: readonly ProbeResult[]): string {
  const rows = results.map((result) => [placeName(result.probe.place), result.probe.kind, stateOf(result)]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}

function stateOf(result: ProbeResult): string {
  const { refusal, probe } = result;
  if (refusal === undefined) return 'works';
  if (!('by' in refusal)) return 'refused, but not by a gate';
  const { plugin, name } = refusal.by;
  const who = plugin === 'webhook' ? `webhook ${quote(name, MESSAGE_CHARACTERS)}` : name;
  switch (refusal.outcome) {
    case 'no-dry-run':
      return `not known: ${who} is not called in a dry run`;
    case 'unreachable':
      return `LOCKED: ${who}: the gate does not answer`;
    case 'refused':
      return isLocked(result)
        ? `LOCKED: ${who} refuses ${probe.kind === 'Pod' ? imageOf(result) : 'it'}`
        : `${who} refuses ${imageOf(result)}, which no pod uses here: no lock-out`;
  }
}

function imageOf({ probe }: ProbeResult): string {
  const { containers = [] } = (probe.candidates[0]?.['spec'] ?? {}) as { containers?: { image: string }[] };
  const more = probe.candidates.length - 1;
  return `${quote(containers[0]?.image ?? '', MESSAGE_CHARACTERS)}${more > 0 ? ` and ${more} more that run here` : ''}`;
}

function placeName({ namespace }: TrialPlace): string {
  return namespace ?? '(no namespace)';
}

/** The cause of each lock, and the way out step by step, with kubectl commands for use without this program. */
export function renderLockReport({ locks, unexplained }: LockReport, goal: Goal): string {
  const origins = Map.groupBy(unexplained, ({ refusal }) => refusal && originOf(refusal));
  return [
    ...locks.map((lock) => renderLock(lock, goal)),
    ...[...origins.values()].map(renderUnexplained),
  ].join('\n\n');
}

function renderLock({ blocker, description, results, steps }: Lock, goal: Goal): string {
  const stopped = results.map(({ probe }) => `${probe.kind} in ${placeName(probe.place)}`);
  const [refusal] = results.flatMap((result) => result.refusal ?? []);
  return [
    `${blocker.name} (${description})`,
    `  Blocked objects: ${stopped.join(', ')}.`,
    ...(refusal === undefined ? [] : [`  ${reasonOf(refusal)}`]),
    `  ${hintOf(refusal)}`,
    `  Otherwise, step by step, until ${renderGoal(goal)}:`,
    ...steps.flatMap((planned, index) => renderStep(planned, index + 1)),
  ].join('\n');
}

function reasonOf(refusal: Refusal): string {
  const words = quote(refusal.message, MESSAGE_CHARACTERS);
  switch (refusal.outcome) {
    case 'unreachable':
      return `The gate does not answer: ${words}`;
    case 'refused':
      return `The gate answers, and refuses every image that runs there: ${words}`;
    case 'no-dry-run':
    case 'forbidden':
    case 'other':
      return `Message of the API server: ${words}`;
  }
}

function hintOf(refusal: Refusal | undefined): string {
  return refusal?.outcome === 'refused'
    ? 'Best: correct the policy. The gate reads it again as soon as it changes, and no step below is needed.'
    : 'Best: start the gate again. It fails closed on purpose, and no step below is needed once it answers.';
}

function renderStep({ step, isNeeded }: PlannedStep, number: number): readonly string[] {
  const last = isNeeded ? '' : ' (only if the steps before do not help, or for a wider --until)';
  return [`  ${number}. ${step.kind}${last}: ${step.does}.`, ...step.byHand.map((line) => `       ${line}`)];
}

/** The namespaces that are still locked. */
export function renderStill(locked: readonly ProbeResult[]): string {
  if (locked.length === 0) return 'Nothing is locked any more.';
  const places = new Set(locked.map(({ probe }) => placeName(probe.place)));
  return `Still locked: ${[...places].join(', ')}.`;
}

/** The command that undoes the whole recovery. */
export function renderUndoCommand(
  file: string,
  { kubeconfig, context }: { readonly kubeconfig?: string; readonly context?: string },
): string {
  return [
    'kube-image-bouncer recover --undo',
    file,
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...(context === undefined ? [] : ['--context', context]),
  ].join(' ');
}

/** Refusals whose cause this command cannot change. */
function renderUnexplained(results: readonly ProbeResult[]): string {
  const what = results.map(({ probe }) => `${probe.kind} in ${placeName(probe.place)}`).join(', ');
  const [refusal] = results.flatMap((result) => result.refusal ?? []);
  if (refusal === undefined) return '';
  const words = `  Message of the API server: ${quote(refusal.message, MESSAGE_CHARACTERS)}`;
  switch ('by' in refusal ? refusal.by.plugin : 'other') {
    case 'webhook':
      return [
        `Blocked by webhook ${'by' in refusal ? quote(refusal.by.name, MESSAGE_CHARACTERS) : ''}, which is in no known configuration of a gate: ${what}.`,
        words,
        '  If this webhook calls a gate, give its configuration with --configuration:',
        '       kubectl get validatingwebhookconfiguration,mutatingwebhookconfiguration',
        '  If no configuration contains this webhook, it comes from a file: run this command as root on the control-plane node, with --static-manifests.',
      ].join('\n');
    case 'image-policy':
      return [
        `Blocked by the admission plugin ImagePolicyWebhook, which is configured in files of the control-plane node: ${what}.`,
        words,
        `  Run this command as root on that node, with --manifest ${API_SERVER_MANIFEST}.`,
      ].join('\n');
    case 'other':
      return [`Blocked by something other than a gate: ${what}.`, words].join('\n');
  }
}
