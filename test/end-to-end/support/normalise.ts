/** A request of the API server and the gate's answer, as stored in `test/recordings/`. */
export interface Exchange {
  readonly path: string;
  readonly query: string;
  readonly request: unknown;
  readonly status: number;
  readonly response: unknown;
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const time = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g;
const resourceVersion = /"resourceVersion":"\d+"/g;
const generatedName = /"generateName":"([^"]+)"/g;

/**
 * The same exchange with fixed values in place of values that differ from run to run: uids, times, resource versions,
 * generated names. If a value is in both request and answer, both get the same replacement.
 */
export function normaliseExchange(exchange: Exchange): Exchange {
  const text = JSON.stringify(exchange);
  const uids = new Map<string, string>();
  const fixed = fixGeneratedNames(text)
    .replaceAll(uuid, (uid) => {
      const known = uids.get(uid) ?? fixedUid(uids.size + 1);
      uids.set(uid, known);
      return known;
    })
    .replaceAll(time, '2026-01-01T00:00:00Z')
    .replaceAll(resourceVersion, '"resourceVersion":"1"');
  return JSON.parse(fixed, sortManagers) as Exchange;
}

/** Kubernetes sorts managers by their times. Two times may be in the same second in one run and not in the next. */
function sortManagers(key: string, value: unknown): unknown {
  if (key !== 'managedFields' || !Array.isArray(value)) return value;
  const managers = value as { manager?: string }[];
  return managers.toSorted((one, other) => (one.manager ?? '').localeCompare(other.manager ?? ''));
}

function fixedUid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** Kubernetes appends five characters of its own alphabet to a `generateName`. */
function fixGeneratedNames(text: string): string {
  const prefixes = new Set(Array.from(text.matchAll(generatedName), ([, prefix]) => prefix ?? ''));
  return Array.from(prefixes).reduce(
    (result, prefix) =>
      result.replaceAll(
        new RegExp(`${RegExp.escape(prefix)}[bcdfghjklmnpqrstvwxz2456789]{5}\\b`, 'g'),
        `${prefix}xxxxx`,
      ),
    text,
  );
}
