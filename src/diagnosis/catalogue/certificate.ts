import type { FindingKinds } from './finding-kind.ts';

const RENEW = 'kube-image-bouncer certificate rotate, or bootstrap again';
const TRUST = 'run bootstrap again: it puts the CA of the gate where the API server looks for it';

/** What can be wrong between the gate's certificate and the API server that has to trust it. */
export const CERTIFICATE = {
  CA_MISSING: {
    severity: 'warning',
    why: 'Without a CA the API server trusts the authorities of its own machine, which sign no gate.',
    remedy: TRUST,
  },
  CA_UNREADABLE: {
    severity: 'fault',
    why: 'The API server cannot trust any gate, so that each call fails.',
    remedy: TRUST,
  },
  CA_MISMATCH: {
    severity: 'fault',
    why: 'The API server does not trust the gate that answers, so that each call fails.',
    remedy: TRUST,
  },
  CA_EXPIRED: {
    severity: 'fault',
    why: 'Nothing that the CA has signed is trusted any more.',
    remedy: RENEW,
  },
  CA_EXPIRING: {
    severity: 'warning',
    why: 'A CA is replaced with an overlap, which takes time: a leaf that is valid beyond it does not help.',
    remedy: RENEW,
  },
  CERTIFICATE_EXPIRED: {
    severity: 'fault',
    why: 'The API server refuses to talk to the gate.',
    remedy: RENEW,
  },
  CERTIFICATE_EXPIRING: {
    severity: 'warning',
    why: 'Less than a third of its life is left, so that whatever renews it does not.',
    remedy: RENEW,
  },
  CERTIFICATE_NOT_YET_VALID: {
    severity: 'fault',
    why: 'The API server refuses to talk to the gate until then.',
    remedy: 'set the clocks right, or make the certificate anew',
  },
  CERTIFICATE_NAME_MISSING: {
    severity: 'fault',
    why: 'The API server looks for this name among the subject alternative names, and nowhere else.',
    remedy: RENEW,
  },
  CERTIFICATE_WEAK: {
    severity: 'fault',
    why: 'A signature with SHA-1 or MD5 is refused by every API server that we know.',
    remedy: RENEW,
  },
  CERTIFICATE_STALE: {
    severity: 'warning',
    why: 'The gate serves another certificate than the one it was given, which it should have taken up by itself.',
    remedy:
      'look at the log of the gate; then restart it, as with kubectl -n NAMESPACE rollout restart deployment kube-image-bouncer',
  },
  CERTIFICATE_UNSEEN: {
    severity: 'note',
    why: 'The certificate that is really served was not looked at; the trial pods show whether the API server trusts it.',
    remedy: 'run doctor where the gate can be reached, such as on a node',
  },
  SERVING_SECRET_MISSING: {
    severity: 'fault',
    why: 'A gate that starts anew has no certificate, and does not start.',
    remedy: 'kube-image-bouncer bootstrap webhook … --apply',
  },
  SERVING_PAIR_UNUSABLE: {
    severity: 'fault',
    why: 'A gate that starts anew cannot serve with it, and does not start.',
    remedy: RENEW,
  },
  CLOCK_DIFFERS: {
    severity: 'warning',
    why: 'Certificates are judged by the API server’s clock: what is valid here may not be valid there.',
    remedy: 'set the clocks right, as with chronyc or timedatectl set-ntp true',
  },
} as const satisfies FindingKinds;
