import { GATE_NAME } from '../../wiring/names.ts';
import { bootstrapWebhook, gateCommand, remedy, shellCommand } from '../remedy.ts';
import type { FindingKinds } from './finding-kind.ts';

const RENEW = remedy`${gateCommand('certificate rotate')}, or run bootstrap again`;
const TRUST = remedy`run bootstrap again: it writes the CA of the gate to the place where the API server reads it`;

const CLIENT_PAIR = remedy`make a client pair: ${gateCommand('bootstrap image-policy', '--apply')}, or ${gateCommand('certificate create', 'FOLDER --host-names NAMES --client-name kube-apiserver')}; then name it in the kubeconfig, and restart the API server`;

/** What can be wrong between the certificate of the gate and the API server, which must trust it. */
export const CERTIFICATE = {
  CA_MISSING: {
    severity: 'warning',
    why: 'Without a CA the API server trusts the authorities of its own machine, which sign no gate.',
    remedy: TRUST,
  },
  CA_UNREADABLE: {
    severity: 'fault',
    why: 'The API server cannot trust any gate, so each call fails.',
    remedy: TRUST,
  },
  CA_MISMATCH: {
    severity: 'fault',
    why: 'The API server does not trust the gate that answers, so each call fails.',
    remedy: TRUST,
  },
  CA_UNSUITABLE: {
    severity: 'fault',
    why: 'The API server accepts no certificate that this CA has signed, so each call fails.',
    remedy: remedy`make a CA and the certificates again: ${gateCommand('certificate create', 'FOLDER --host-names NAMES')}`,
  },
  CA_EXPIRED: {
    severity: 'fault',
    why: 'The API server no longer trusts the certificates that this CA has signed.',
    remedy: RENEW,
  },
  CA_EXPIRING: {
    severity: 'warning',
    why: 'Both the old and the new CA must be trusted for a while, so start early. A leaf that is valid for longer than its CA does not help.',
    remedy: RENEW,
  },
  CERTIFICATE_EXPIRED: {
    severity: 'fault',
    why: 'The API server refuses to connect to the gate.',
    remedy: RENEW,
  },
  CERTIFICATE_EXPIRING: {
    severity: 'warning',
    why: 'Less than a third of its lifetime is left, so the renewal does not work.',
    remedy: RENEW,
  },
  CERTIFICATE_NOT_YET_VALID: {
    severity: 'fault',
    why: 'The API server refuses to connect to the gate before that time.',
    remedy: remedy`correct the clocks, or make a new certificate`,
  },
  CERTIFICATE_NAME_MISSING: {
    severity: 'fault',
    why: 'The API server looks for this name among the subject alternative names, and nowhere else.',
    remedy: RENEW,
  },
  CERTIFICATE_UNSUITABLE: {
    severity: 'fault',
    why: 'The API server accepts from a gate only a certificate for servers.',
    remedy: RENEW,
  },
  CERTIFICATE_WEAK: {
    severity: 'fault',
    why: 'No supported API server accepts a signature with SHA-1 or MD5.',
    remedy: RENEW,
  },
  CLIENT_CERTIFICATE_UNSUITABLE: {
    severity: 'fault',
    why: 'A gate with --client-ca accepts only a certificate for clients, so it turns the API server away, and each call fails. The pair of kubeadm, apiserver.crt, is for servers.',
    remedy: CLIENT_PAIR,
  },
  CLIENT_CERTIFICATE_REFUSED: {
    severity: 'fault',
    why: 'The gate turns the API server away, so each call fails. Its log names the reason: client certificate refused.',
    remedy: remedy`add the CA of the client certificate to the file of --client-ca, or make a pair that the gate accepts: ${gateCommand('bootstrap image-policy', '--apply')}`,
  },
  CLIENT_CA_UNUSABLE: {
    severity: 'fault',
    why: 'A gate that is started now with this file as --client-ca exits, or lets no client in.',
    remedy: remedy`write the CA that signed the client certificate of the API server into the file, or run ${gateCommand('bootstrap image-policy', '--apply')}`,
  },
  CERTIFICATE_STALE: {
    severity: 'warning',
    why: 'The gate did not load the new certificate, although it reloads changed files.',
    remedy: remedy`read the log of the gate; then restart it, as with ${shellCommand('kubectl', '-n', 'NAMESPACE', 'rollout', 'restart', 'deployment', GATE_NAME)}`,
  },
  CERTIFICATE_UNSEEN: {
    severity: 'note',
    why: 'Doctor did not see the certificate that is served; the trial pods show whether the API server trusts it.',
    remedy: remedy`run doctor on a machine that can reach the gate, such as a node`,
  },
  SERVING_SECRET_MISSING: {
    severity: 'fault',
    why: 'A gate that is started now has no certificate, and exits.',
    remedy: remedy`${bootstrapWebhook('--apply')}`,
  },
  SERVING_PAIR_UNUSABLE: {
    severity: 'fault',
    why: 'A gate that is started now cannot serve with this pair, and exits.',
    remedy: RENEW,
  },
  CLOCK_DIFFERS: {
    severity: 'warning',
    why: 'The API server checks certificates by its own clock: a certificate that is valid here may not be valid there.',
    remedy: remedy`correct the clocks, as with chronyc or timedatectl set-ntp true`,
  },
} as const satisfies FindingKinds;
