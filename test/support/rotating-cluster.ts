import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { createAuthority, type Authority, type KeyPair } from '../../src/certificate/authority.ts';
import {
  isIssuedBy,
  parseCertificate,
  parseCertificates,
  verifyKeyPair,
} from '../../src/certificate/inspect.ts';
import { isPair, type FoundPair } from '../../src/certificate/pki.ts';
import {
  rotate,
  type RotationOptions,
  type RotationProgress,
  type RotationTarget,
} from '../../src/certificate/rotation.ts';

/** The time at which all initial certificates were made. */
export const start = new Date('2026-01-01T00:00:00Z');
/** The authority that signed at first. */
export const authority = await newAuthority('first');
/** The first serving certificate of the gate. */
export const serving = await authority.issueServing({
  commonName: 'gate',
  dnsNames: ['gate.example'],
  ipAddresses: ['10.0.0.1', 'fd00::1'],
  notBefore: start,
  days: 30,
});
/** The client certificate of the API server, if it has one. */
export const client = await authority.issueClient({
  commonName: 'kube-apiserver',
  organizations: ['a', 'b'],
  notBefore: start,
  days: 30,
});

export function newAuthority(commonName: string, notBefore = start): Promise<Authority> {
  return createAuthority({ commonName, notBefore, days: 300 });
}

/** A value that readers see some time after it was written. */
class Lagging<Value> {
  #all: { readonly value: Value; readonly atMs: number }[];

  constructor(value: Value) {
    this.#all = [{ value, atMs: -Infinity }];
  }

  get now(): Value {
    const [last] = this.#all.slice(-1);
    return last === undefined ? assert.fail('never empty') : last.value;
  }

  write(value: Value, atMs: number): void {
    this.#all.push({ value, atMs });
  }

  /** All values that a reader with a delay of at most `lagMs` may see. */
  seen(atMs: number, lagMs: number): readonly Value[] {
    const fresh = this.#all.findIndex(({ atMs: written }, index) => {
      const next = this.#all[index + 1];
      return written <= atMs && (next === undefined || next.atMs > atMs - lagMs);
    });
    return this.#all.slice(fresh).map(({ value }) => value);
  }
}

export interface Cluster extends RotationTarget {
  readonly state: () => { trust: string; authority: string | undefined; serving: string; client: FoundPair };
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly now: () => Date;
  /** The moments at which a client could not have verified a server, or a server a client. */
  readonly failures: readonly string[];
  readonly forgetFailures: () => void;
  readonly writes: () => number;
}

interface Faults {
  /** The write with this number is lost, or happens without a confirmation. */
  readonly crash?: { readonly write: number; readonly when: 'before' | 'after' };
  readonly canary?: (writes: number) => string | undefined;
  readonly lagMs?: number;
  readonly places?: number;
}

/**
 * Gates, API servers and files in memory. At each moment every client and every server must be able to verify each
 * other, with any delay.
 */
export function clusterOf(
  pairs: { authority?: KeyPair; serving?: FoundPair; client?: FoundPair } = {},
  faults: Faults = {},
): Cluster {
  const { lagMs = 900, places = 2 } = faults;
  const kept = 'authority' in pairs ? pairs.authority : authority;
  const trust = Array.from({ length: places }, () => new Lagging(authority.certificate));
  const leaf = new Lagging<FoundPair>(pairs.serving ?? serving);
  const identity = new Lagging<FoundPair>(pairs.client ?? {});
  let signer = kept === undefined ? undefined : { certificate: kept.certificate, key: kept.key };
  let [clockMs, writes] = [start.getTime() + 86_400_000, 0];
  const failures: string[] = [];
  const look = (what: string): void => {
    const leaves = leaf.seen(clockMs, lagMs).filter(isWhole);
    const bundles = trust.flatMap((place) => place.seen(clockMs, lagMs)).map(parseCertificates);
    const clients = identity.seen(clockMs, lagMs).filter(isWhole);
    for (const bundle of bundles)
      for (const pair of [...leaves, ...clients])
        if (!bundle.some((one) => isIssuedBy(verifyKeyPair(pair), one))) failures.push(what);
  };
  const write = async (what: string, change: () => void): Promise<void> => {
    writes += 1;
    const isCrash = writes === faults.crash?.write;
    if (isCrash && faults.crash.when === 'before') throw new Error('crash');
    change();
    look(what);
    if (isCrash) throw new Error('crash');
  };
  return {
    readTrust: async () => trust.map((place) => place.now),
    writeTrust: async (bundle) => {
      for (const place of trust) await write('trust', () => place.write(bundle, clockMs));
    },
    readAuthority: async () => signer,
    writeAuthority: (pair) => write('authority', () => (signer = pair)),
    readServing: async () => leaf.now,
    writeServing: (pair) => write('serving', () => leaf.write(pair, clockMs)),
    readClient: async () => identity.now,
    writeClient: (pair) => write('client', () => identity.write(pair, clockMs)),
    canary: async () => faults.canary?.(writes),
    sleep: async (milliseconds) => {
      clockMs += milliseconds;
      look('sleep');
    },
    now: () => new Date(clockMs),
    failures,
    forgetFailures: () => failures.splice(0),
    writes: () => writes,
    state: () => ({
      trust: trust[0]?.now ?? '',
      authority: signer?.certificate,
      serving: leaf.now.certificate ?? '',
      client: identity.now,
    }),
  };
}

function isWhole(pair: FoundPair): pair is KeyPair {
  const { certificate, key } = pair;
  return certificate !== undefined && key !== undefined && isPair({ certificate, key });
}

/** Rotates, and returns the progress events in order. */
export async function run(
  cluster: Cluster,
  options: Partial<RotationOptions> = {},
): Promise<readonly string[]> {
  const events: RotationProgress[] = [];
  const { now, sleep } = cluster;
  const defaults = { delayMs: 1000, clientDelayMs: 5000, canaryTimeoutMs: 3000, now, sleep };
  await rotate(cluster, { ...defaults, ...options, onProgress: (progress) => events.push(progress) });
  return events.map((progress) => ('step' in progress ? progress.step : progress.what));
}

/** Asserts the end of a rotation: one authority is trusted, and it signed everything. */
export function assertSettled(cluster: Cluster): X509Certificate {
  const state = cluster.state();
  const [only, ...others] = parseCertificates(state.trust);
  assert.ok(only !== undefined && others.length === 0, 'one authority is trusted');
  assert.equal(
    state.authority === undefined ? undefined : String(parseCertificate(state.authority)),
    state.authority && String(only),
  );
  assert.ok(isIssuedBy(parseCertificate(state.serving), only));
  if (isWhole(state.client)) assert.ok(isIssuedBy(verifyKeyPair(state.client), only));
  assert.deepEqual(cluster.failures, []);
  return only;
}
