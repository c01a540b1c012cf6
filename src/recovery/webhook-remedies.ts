import type { Edit } from '../document/edit.ts';
import type { LabelSelector } from '../wiring/label-selector.ts';
import { NAMESPACE_NAME_LABEL } from '../wiring/names.ts';
import { pathAtStage, reviewPath } from '../wiring/paths.ts';
import { namespacesLeftOut, type SeenWebhook } from '../wiring/webhook-configuration.ts';
import type { TrialPlace } from './places.ts';
import { isLocked, type ProbeResult } from './probes.ts';
import { withPath } from './webhook-entry.ts';

/** The kinds of steps, the least invasive first. */
type RemedyKind = 'narrow' | 'ignore' | 'warn' | 'remove';

/** A change that makes objects creatable again. */
export interface Remedy {
  readonly kind: RemedyKind;
  /** The effect and the cost of the change, for messages. */
  readonly does: string;
  /** The changes of the document that holds the webhook. */
  readonly edits: readonly Edit[];
  /** Whether objects of this place should be admitted afterwards. */
  readonly frees: (place: TrialPlace) => boolean;
}

/**
 * The remedies for one webhook, in the order of the attempts. A remedy that is already applied is left out, so the
 * first remedy is always the next step.
 * @param results The results of probes that this webhook blocked.
 */
export function remediesOf(entry: SeenWebhook, results: readonly ProbeResult[]): readonly Remedy[] {
  const locked = results.filter(isLocked);
  const outcomes = new Set(locked.map(({ refusal }) => refusal?.outcome));
  return [
    ...narrow(entry, locked),
    ...(outcomes.has('unreachable') && entry.failurePolicy !== 'Ignore' ? [ignore(entry)] : []),
    ...(outcomes.has('refused') && entry.stage === 'deny' ? [warn(entry)] : []),
    remove(entry),
  ];
}

/** Excludes the locked places that the cluster, the gate or the user needs. All other places stay reviewed. */
function narrow(entry: SeenWebhook, locked: readonly ProbeResult[]): readonly Remedy[] {
  const spared = locked.map(({ probe }) => probe.place).filter(({ role }) => role !== 'other');
  const leftOut = new Set(namespacesLeftOut(entry.namespaceSelector));
  const namespaces = [...new Set(spared.flatMap(({ namespace }) => namespace ?? []))].filter(
    (namespace) => !leftOut.has(namespace),
  );
  const isClusterLocked = spared.some(({ namespace }) => namespace === undefined);
  const scopes = isClusterLocked ? scopeEdits(entry) : [];
  if (namespaces.length === 0 && scopes.length === 0) return [];
  const parts = [
    ...(namespaces.length > 0 ? [`excludes ${listOf(namespaces)}`] : []),
    ...(scopes.length > 0 ? ['is no longer called for cluster-scoped objects'] : []),
  ];
  const freed = new Set<string | undefined>([...namespaces, ...(scopes.length > 0 ? [undefined] : [])]);
  return [
    {
      kind: 'narrow',
      does: `${parts.join(' and ')}; the gate still reviews the other namespaces`,
      edits: [
        ...(namespaces.length > 0
          ? [set(entry, ['namespaceSelector'], selectorWithout(entry, namespaces))]
          : []),
        ...scopes,
      ],
      frees: ({ namespace }) => freed.has(namespace),
    },
  ];
}

/**
 * A namespaceSelector never excludes cluster-scoped objects, so the scope of the rules is changed. These objects
 * contain no images.
 */
function scopeEdits(entry: SeenWebhook): readonly Edit[] {
  return entry.rules.flatMap(({ scope }, rule) =>
    scope === 'Namespaced' ? [] : [set(entry, ['rules', rule, 'scope'], 'Namespaced')],
  );
}

function selectorWithout({ namespaceSelector }: SeenWebhook, namespaces: readonly string[]): LabelSelector {
  const { matchLabels = {}, matchExpressions = [] } = namespaceSelector;
  const expressions = matchExpressions.map(({ key, operator, values = [] }) =>
    values.length > 0 ? { key, operator, values } : { key, operator },
  );
  const known = expressions.findIndex(
    ({ key, operator }) => key === NAMESPACE_NAME_LABEL && operator === 'NotIn',
  );
  const values = [...(expressions[known]?.values ?? []), ...namespaces].toSorted();
  const expression = { key: NAMESPACE_NAME_LABEL, operator: 'NotIn', values };
  return {
    ...(Object.keys(matchLabels).length > 0 && { matchLabels }),
    matchExpressions: known === -1 ? [...expressions, expression] : expressions.with(known, expression),
  };
}

function ignore(entry: SeenWebhook): Remedy {
  return {
    kind: 'ignore',
    does: 'admits objects while the gate does not answer (failurePolicy Ignore); if the gate answers, its denials still count',
    edits: [set(entry, ['failurePolicy'], 'Ignore')],
    frees: () => true,
  };
}

function warn(entry: SeenWebhook): Remedy {
  const { target } = entry;
  const path = pathAtStage('AdmissionReview', target.path, 'warn') ?? reviewPath('warn');
  const edit =
    target.form === 'url'
      ? set(entry, ['clientConfig', 'url'], withPath(target.url, path))
      : set(entry, ['clientConfig', 'service', 'path'], path);
  return {
    kind: 'warn',
    does: `makes the gate warn and no longer refuse (path ${path}), and admits objects while it does not answer`,
    edits: [edit, ...(entry.failurePolicy === 'Ignore' ? [] : [set(entry, ['failurePolicy'], 'Ignore')])],
    frees: () => true,
  };
}

function remove(entry: SeenWebhook): Remedy {
  return {
    kind: 'remove',
    does: 'removes the webhook; it no longer checks images',
    edits: [{ kind: 'remove', path: ['webhooks', entry.index] }],
    frees: () => true,
  };
}

function set({ index }: SeenWebhook, path: readonly (string | number)[], value: unknown): Edit {
  return { kind: 'set', path: ['webhooks', index, ...path], value };
}

/** `a, b and c`. */
function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
