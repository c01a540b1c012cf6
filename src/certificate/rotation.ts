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

/** Where the certificates of a gate are kept, and how the gate is asked whether it still answers. */
export interface RotationTarget {
  /** PEM of what is trusted, for each place where that stands; there is at least one. */
  readonly readTrust: () => Promise<readonly string[]>;
  readonly writeTrust: (bundle: string) => Promise<void>;
  /** Who signs; `undefined` when the key is not kept here. */
  readonly readAuthority: () => Promise<KeyPair | undefined>;
  /** Keeps a new one, which nobody trusts yet; `undefined` keeps none any more. */
  readonly writeAuthority: (pair: KeyPair | undefined) => Promise<void>;
  readonly readServing: () => Promise<FoundPair>;
  readonly writeServing: (pair: KeyPair) => Promise<void>;
  /** The API server's own pair, where it is kept beside the others. */
  readonly readClient: () => Promise<FoundPair>;
  readonly writeClient: (pair: KeyPair) => Promise<void>;
  /**
   * Why the gate cannot be relied on; `undefined` when it answers whoever trusts what {@link readTrust} says.
   * `served` is what it has to serve with by now, as far as that can be seen.
   */
  readonly canary: (served: X509Certificate | undefined) => Promise<string | undefined>;
}

export interface RotationOptions {
  /** The authority is rotated as well; else the leaf alone. @default false */
  readonly authority?: boolean;
  /**
   * Who signs from now on, made and kept elsewhere. @default with `authority` a new one of our own, else the one that
   * is kept with the rest
   */
  readonly given?: KeyPair;
  /** DNS names and addresses of the new leaf. @default those of the old one */
  readonly names?: readonly string[];
  /** @default 365 */
  readonly days?: number;
  /** @default 3650 */
  readonly authorityDays?: number;
  /** Between a change and the next one that depends on it. @default 30000 */
  readonly delayMs?: number;
  /**
   * In place of it after a change of the API server's own pair, in milliseconds: kube-apiserver looks at those files
   * every five minutes.
   *
   * @default 330000
   */
  readonly clientDelayMs?: number;
  /** How long a canary may fail before the rotation is given up. @default 60000 */
  readonly canaryTimeoutMs?: number;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly onProgress?: (progress: RotationProgress) => void;
}

/** What a rotation does at the moment. */
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
 * Rotates the certificates of a gate so that nobody's call fails: new authority trusted first, leaf switched after a
 * delay and a passing canary, old authority dropped last, after another. The next step is derived from what is there,
 * so that a rotation that ended half-way is finished by the next run, before anything else.
 *
 * @throws {CertificateError} ROTATION_STOPPED when a canary does not pass: a leaf that was switched is put back, and
 * an authority that was dropped is trusted again. AUTHORITY_INCOMPLETE when nobody is there to sign,
 * AUTHORITY_CONFLICT when somebody else than before is to sign without `authority`. Everything that the target throws.
 */
export async function rotate(target: RotationTarget, options: RotationOptions): Promise<void> {
  const run: Run = { target, options, previous: undefined };
  const state = await readState(run);
  const step = findNextStep(state);
  if (step !== undefined) {
    tell(run, isNewcomer(state) ? { what: 'begin', authority: true } : { what: 'resume' });
    await finish(run);
  }
  if (step === undefined || step.kind === 'forget') await begin(run);
  if (options.given !== undefined && (await target.readAuthority()) !== undefined)
    await target.writeAuthority(undefined);
  tell(run, { what: 'done' });
}

interface Run {
  readonly target: RotationTarget;
  readonly options: RotationOptions;
  /** What the gate served with before this run. */
  previous: KeyPair | undefined;
}

interface FoundState extends RotationState {
  readonly signing: KeyPair;
  readonly found: FoundPair;
  readonly foundClient: FoundPair;
}

function tell({ options }: Run, progress: RotationProgress): void {
  options.onProgress?.(progress);
}

async function begin(run: Run): Promise<void> {
  const { target, options } = run;
  const isAuthority = options.authority === true && options.given === undefined;
  tell(run, { what: 'begin', authority: isAuthority });
  const state = await readState(run);
  await checkCanary(run, state.serving);
  if (isAuthority) {
    tell(run, { what: 'create-authority' });
    await target.writeAuthority(await createNext(options));
    return finish(run);
  }
  tell(run, { what: 'step', step: 'switch-leaf' });
  await switchLeaf(run, state);
  await settle(run, (await readState(run)).serving, delayOf(options));
}

/** Takes every step that is left of a rotation. */
async function finish(run: Run): Promise<void> {
  let last: RotationStep['kind'] | undefined;
  for (;;) {
    const state = await readState(run);
    const step = findNextStep(state);
    if (step === undefined) {
      // A leaf that was torn has no former authority to drop after it.
      return last === 'switch-leaf' ? settle(run, state.serving, delayOf(run.options)) : undefined;
    }
    last = step.kind;
    tell(run, { what: 'step', step: step.kind });
    await perform(run, step, state);
  }
}

/** The wait is part of the step that depends on it: whoever takes up a rotation waits as well. */
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
    // By its age alone an authority seems never to have signed, and a clock may have been wrong.
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
    tell(run, { what: 'trust-again' });
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
      'the key of the authority is not kept here: give the certificate and the key of who signs',
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
  if (isNewcomer(state) && options.given !== undefined && options.authority !== true) {
    throw new CertificateError(
      'AUTHORITY_CONFLICT',
      'the given authority is not the one that is trusted: say that the authority is to be rotated as well',
    );
  }
  return state;
}

/** Whether who is to sign is trusted nowhere yet. */
function isNewcomer({ trust, authority }: RotationState): boolean {
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
    // The same key: who reads the two files at two moments still finds a pair.
    ...(foundClient.key !== undefined && { key: foundClient.key }),
    ...validity(options, options.days ?? 365),
  });
}

async function createNext(options: RotationOptions): Promise<KeyPair> {
  const { createAuthority } = await import('./authority.ts');
  return createAuthority({
    // Two of one name would be hard to tell apart for people.
    commonName: `kube-image-bouncer authority ${options.now().toISOString()}`,
    ...validity(options, options.authorityDays ?? 3650),
  });
}

/** Waits until everybody has seen a change, and until the canary passes. */
async function settle(run: Run, served: X509Certificate | undefined, milliseconds: number): Promise<void> {
  tell(run, { what: 'wait', milliseconds });
  await run.options.sleep(milliseconds);
  try {
    await checkCanary(run, served);
  } catch (error) {
    if (run.previous !== undefined) {
      tell(run, { what: 'put-back' });
      await run.target.writeServing(run.previous);
    }
    throw error;
  }
}

async function checkCanary(run: Run, served: X509Certificate | undefined): Promise<void> {
  const { target, options } = run;
  const { canaryTimeoutMs = 60_000, sleep } = options;
  tell(run, { what: 'canary' });
  let fault = await target.canary(served);
  for (let waitedMs = 0; fault !== undefined && waitedMs < canaryTimeoutMs; waitedMs += CANARY_PAUSE_MS) {
    await sleep(CANARY_PAUSE_MS);
    fault = await target.canary(served);
  }
  if (fault === undefined) return;
  throw new CertificateError(
    'ROTATION_STOPPED',
    `the rotation stops, for the canary does not pass: ${fault}`,
  );
}
