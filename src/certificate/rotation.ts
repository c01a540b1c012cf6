import type { X509Certificate } from 'node:crypto';
import type { Authority, KeyPair } from './authority.ts';
import { CertificateError } from './errors.ts';
import {
  commonNameOf,
  isIssuedBy,
  namesOf,
  organizationsOf,
  parseCertificate,
  parseCertificates,
  renderBundle,
} from './inspect.ts';
import { isPair, issueServing, signingCertificate, validity, type FoundPair } from './pki.ts';
import { findNextStep, type RotationState, type RotationStep } from './rotation-step.ts';

/** Access to the stored certificates of a gate, and a check that the gate still answers. */
export interface RotationTarget {
  /** PEM of the trusted certificates, for each place that contains them; at least one. */
  readonly readTrust: () => Promise<readonly string[]>;
  readonly writeTrust: (bundle: string) => Promise<void>;
  /** The pair that signs; `undefined` if its key is not stored here. */
  readonly readAuthority: () => Promise<KeyPair | undefined>;
  /** Stores a new authority, which no client trusts yet. `undefined` removes the stored one. */
  readonly writeAuthority: (pair: KeyPair | undefined) => Promise<void>;
  readonly readServing: () => Promise<FoundPair>;
  readonly writeServing: (pair: KeyPair) => Promise<void>;
  /** The client pair of the API server, if it is stored with the others. */
  readonly readClient: () => Promise<FoundPair>;
  readonly writeClient: (pair: KeyPair) => Promise<void>;
  /**
   * Why the gate does not work; `undefined` if clients that trust the certificates of {@link readTrust} get answers.
   * `served` is the certificate that it must serve now; it is checked if possible.
   */
  readonly canary: (served: X509Certificate | undefined) => Promise<string | undefined>;
}

export interface RotationOptions {
  /** Whether the authority is rotated as well. @default false, only the leaf */
  readonly authority?: boolean;
  /**
   * The pair that signs from now on, made and stored elsewhere. @default with `authority` a new one, otherwise the stored
   * one
   */
  readonly given?: KeyPair;
  /** DNS names and addresses of the new leaf. @default those of the old one */
  readonly names?: readonly string[];
  /** @default 365 */
  readonly days?: number;
  /** @default 3650 */
  readonly authorityDays?: number;
  /** Wait between a change and the next one that depends on it, in milliseconds. @default 30000 */
  readonly delayMs?: number;
  /**
   * The same wait after a change of the client pair of the API server, which reads those files every five minutes.
   *
   * @default 330000
   */
  readonly clientDelayMs?: number;
  /** How long the canary may fail before the rotation stops. @default 60000 */
  readonly canaryTimeoutMs?: number;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly onProgress?: (progress: RotationProgress) => void;
}

/** Progress of a rotation. */
export type RotationProgress =
  | { readonly what: 'begin'; readonly authority: boolean }
  | { readonly what: 'resume' }
  | { readonly what: 'create-authority' }
  | { readonly what: 'step'; readonly step: RotationStep['kind'] }
  | { readonly what: 'wait'; readonly milliseconds: number }
  | { readonly what: 'canary' }
  | { readonly what: 'put-back' }
  | { readonly what: 'trust-again' }
  | { readonly what: 'done' };

const CANARY_PAUSE_MS = 1000;

/**
 * Rotates the certificates of a gate so that no call fails: first the new authority is trusted; after a delay and a passing
 * canary the leaf is switched; after another delay and canary the old authority is dropped. The next step follows from the
 * present certificates, so a run first finishes a rotation that was interrupted.
 *
 * @throws {CertificateError} ROTATION_STOPPED if a canary does not pass: a leaf that was switched is put back, and an
 * authority that was dropped is trusted again. AUTHORITY_INCOMPLETE if there is no key that can sign. AUTHORITY_CONFLICT if
 * another authority is given without `authority`. All errors of the target.
 */
export async function rotate(target: RotationTarget, options: RotationOptions): Promise<void> {
  const run: Run = { target, options, previous: undefined };
  const state = await readState(run);
  const step = findNextStep(state);
  if (step !== undefined) {
    report(run, isUntrusted(state) ? { what: 'begin', authority: true } : { what: 'resume' });
    await finish(run);
  }
  if (step === undefined || step.kind === 'forget') await begin(run);
  if (options.given !== undefined && (await target.readAuthority()) !== undefined)
    await target.writeAuthority(undefined);
  report(run, { what: 'done' });
}

interface Run {
  readonly target: RotationTarget;
  readonly options: RotationOptions;
  /** The pair of the gate before this run. */
  previous: KeyPair | undefined;
}

interface FoundState extends RotationState {
  readonly signing: KeyPair;
  readonly found: FoundPair;
  readonly foundClient: FoundPair;
}

function report({ options }: Run, progress: RotationProgress): void {
  options.onProgress?.(progress);
}

async function begin(run: Run): Promise<void> {
  const { target, options } = run;
  const isAuthority = options.authority === true && options.given === undefined;
  report(run, { what: 'begin', authority: isAuthority });
  const state = await readState(run);
  await checkCanary(run, state.serving);
  if (isAuthority) {
    report(run, { what: 'create-authority' });
    await target.writeAuthority(await createNext(options));
    return finish(run);
  }
  report(run, { what: 'step', step: 'switch-leaf' });
  await switchLeaf(run, state);
  await settle(run, (await readState(run)).serving, delayOf(options));
}

/** Takes all remaining steps of a rotation. */
async function finish(run: Run): Promise<void> {
  let last: RotationStep['kind'] | undefined;
  for (;;) {
    const state = await readState(run);
    const step = findNextStep(state);
    if (step === undefined) {
      // After a leaf that did not match its key there is no old authority to drop.
      return last === 'switch-leaf' ? settle(run, state.serving, delayOf(run.options)) : undefined;
    }
    last = step.kind;
    report(run, { what: 'step', step: step.kind });
    await perform(run, step, state);
  }
}

/** The wait is part of the step that depends on it. So a rotation that is resumed waits as well. */
async function perform(run: Run, step: RotationStep, state: FoundState): Promise<void> {
  const { target, options } = run;
  switch (step.kind) {
    case 'trust':
      return target.writeTrust(renderBundle(step.bundle));
    case 'switch-leaf':
      await settle(run, state.serving, delayOf(options));
      return switchLeaf(run, state);
    case 'switch-client':
      await settle(run, state.serving, delayOf(options));
      return target.writeClient(await issueClient(state, options));
    // `forget` waits like `drop`: it was chosen by the age of the authorities, and a clock may have been wrong.
    case 'forget':
    case 'drop':
      return drop(run, step, state);
  }
}

async function drop(
  run: Run,
  { bundle }: { readonly bundle: readonly X509Certificate[] },
  state: FoundState,
) {
  const { target, options } = run;
  const { trust, authority, serving, client } = state;
  const isOurs = client !== undefined && isIssuedBy(client, authority);
  await settle(run, serving, isOurs ? (options.clientDelayMs ?? 330_000) : delayOf(options));
  await target.writeTrust(renderBundle(bundle));
  try {
    await checkCanary(run, serving);
  } catch (error) {
    report(run, { what: 'trust-again' });
    await target.writeTrust(renderBundle([...bundle, ...trust.flat()]));
    throw error;
  }
}

function delayOf({ delayMs = 30_000 }: RotationOptions): number {
  return delayMs;
}

async function readState({ target, options }: Run): Promise<FoundState> {
  const trust = (await target.readTrust()).map(parseCertificates);
  const signing = options.given ?? (await target.readAuthority());
  if (signing === undefined) {
    throw new CertificateError(
      'AUTHORITY_INCOMPLETE',
      'the key of the authority is not stored here: give the certificate and the key that sign',
    );
  }
  const [found, foundClient] = [await target.readServing(), await target.readClient()];
  const state: FoundState = {
    trust,
    signing,
    found,
    foundClient,
    authority: signingCertificate(signing.certificate, signing.key),
    isGiven: options.given !== undefined,
    serving: leafOf(found),
    client: leafOf(foundClient),
  };
  if (isUntrusted(state) && options.given !== undefined && options.authority !== true) {
    throw new CertificateError(
      'AUTHORITY_CONFLICT',
      'the given authority is not the trusted one: state that the authority is to be rotated as well',
    );
  }
  return state;
}

/** Whether the authority that is to sign is trusted nowhere yet. */
function isUntrusted({ trust, authority }: RotationState): boolean {
  return !trust.flat().some(({ fingerprint256 }) => fingerprint256 === authority.fingerprint256);
}

function leafOf({ certificate, key }: FoundPair): X509Certificate | undefined {
  if (certificate === undefined || key === undefined) return undefined;
  return isPair({ certificate, key }) ? parseCertificate(certificate) : undefined;
}

async function switchLeaf(run: Run, { signing, authority, found, serving }: FoundState): Promise<void> {
  const { target, options } = run;
  const names = options.names ?? namesToKeep(found);
  const { certificate, key } = found;
  const pair = await issueServing(await authorityOf(signing, authority), undefined, { ...options, names });
  await target.writeServing(pair);
  if (serving !== undefined && certificate !== undefined && key !== undefined)
    run.previous = { certificate, key };
}

async function authorityOf({ key }: KeyPair, certificate: X509Certificate): Promise<Authority> {
  const { loadAuthority } = await import('./authority.ts');
  return loadAuthority({ certificate: String(certificate), key });
}

function namesToKeep({ certificate }: FoundPair): readonly string[] {
  if (certificate === undefined) return [];
  const { dns, ip } = namesOf(parseCertificate(certificate));
  return [...dns, ...ip];
}

async function issueClient(
  { client, signing, authority, foundClient }: FoundState,
  options: RotationOptions,
): Promise<KeyPair> {
  const issuer = await authorityOf(signing, authority);
  return issuer.issueClient({
    commonName: (client && commonNameOf(client)) ?? '',
    organizations: client === undefined ? [] : organizationsOf(client),
    // The key stays, so that a process that reads the two files at different moments still gets a pair.
    ...(foundClient.key !== undefined && { key: foundClient.key }),
    ...validity(options, options.days ?? 365),
  });
}

async function createNext(options: RotationOptions): Promise<KeyPair> {
  const { createAuthority } = await import('./authority.ts');
  return createAuthority({
    // With a different name users can distinguish the two authorities.
    commonName: `kube-image-bouncer authority ${options.now().toISOString()}`,
    ...validity(options, options.authorityDays ?? 3650),
  });
}

/** Waits until all clients use a change, and until the canary passes. */
async function settle(run: Run, served: X509Certificate | undefined, milliseconds: number): Promise<void> {
  report(run, { what: 'wait', milliseconds });
  try {
    // A caller who interrupts the wait rejects it: nothing is known about the new certificate then.
    await run.options.sleep(milliseconds);
    await checkCanary(run, served);
  } catch (error) {
    if (run.previous !== undefined) {
      report(run, { what: 'put-back' });
      await run.target.writeServing(run.previous);
    }
    throw error;
  }
}

async function checkCanary(run: Run, served: X509Certificate | undefined): Promise<void> {
  const { target, options } = run;
  const { canaryTimeoutMs = 60_000, sleep } = options;
  report(run, { what: 'canary' });
  let fault = await target.canary(served);
  for (let waitedMs = 0; fault !== undefined && waitedMs < canaryTimeoutMs; waitedMs += CANARY_PAUSE_MS) {
    await sleep(CANARY_PAUSE_MS);
    fault = await target.canary(served);
  }
  if (fault === undefined) return;
  throw new CertificateError(
    'ROTATION_STOPPED',
    `the rotation stopped because the canary does not pass: ${fault}`,
  );
}
