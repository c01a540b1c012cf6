import { describe } from 'node:test';
import {
  clusterReports,
  gateObject,
  HEALTHY_CLUSTER,
  withGate,
  withWebhooks,
} from '#test/cluster-findings.ts';
import {
  clientPair,
  dayAfter,
  gateAuthority,
  otherAuthority,
  renewedPair,
  servingPair,
} from '#test/gate-certificates.ts';
import { parseCertificate } from '../../certificate/inspect.ts';

function secretOf(pair: {
  readonly certificate: string;
  readonly key: string;
}): ReturnType<typeof gateObject> {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const data = { 'tls.crt': base64(pair.certificate), 'tls.key': base64(pair.key) };
  return { ...gateObject('Secret'), data };
}

const UNREACHABLE = HEALTHY_CLUSTER.served.map(({ address, serverName }) => ({
  address,
  serverName,
  chain: 'connection refused',
}));

describe('the certificate that the gate serves in a cluster', () => {
  clusterReports(['CERTIFICATE_UNSEEN'], 'a gate that doctor cannot reach', { served: UNREACHABLE });
  clusterReports(['CERTIFICATE_UNSEEN', 'CA_MISMATCH'], 'the CA of another gate, by the Secret,', {
    ...withWebhooks({ trust: otherAuthority.certificate }),
    served: UNREACHABLE,
  });
  clusterReports(['CA_MISMATCH'], 'a CA that has not signed the served certificate', {
    ...withWebhooks({ trust: otherAuthority.certificate }),
  });
  clusterReports(['CERTIFICATE_EXPIRED'], 'a certificate that has ended by the clock of the API server,', {
    now: dayAfter(91),
  });
  clusterReports(['CERTIFICATE_STALE'], 'a gate that serves another certificate than that of the Secret', {
    ...withGate({ servingSecret: secretOf(renewedPair) }),
  });
  clusterReports(['CERTIFICATE_STALE', 'CERTIFICATE_UNSUITABLE'], 'X01 a client pair in the Secret', {
    ...withGate({ servingSecret: secretOf(clientPair) }),
  });
});

describe('the Secret that the gate serves with', () => {
  clusterReports(['SERVING_SECRET_MISSING'], 'a Deployment without the Secret', {
    ...withGate({ servingSecret: 'none' }),
  });
  clusterReports([], 'a Secret that doctor may not read', { ...withGate({ servingSecret: 'unread' }) });
  clusterReports(['SERVING_PAIR_UNUSABLE'], 'a key of another certificate', {
    ...withGate({
      servingSecret: secretOf({ certificate: servingPair.certificate, key: gateAuthority.key }),
    }),
  });
});

describe('the clock of the API server', () => {
  clusterReports([], 'half a minute of difference', { clockAheadMs: 30_000 });
  clusterReports(['CLOCK_DIFFERS'], 'more than half a minute', { clockAheadMs: -31_000 });
  clusterReports([], 'an answer without a date', { clockAheadMs: undefined });
  clusterReports(
    ['CLOCK_DIFFERS', 'CERTIFICATE_NOT_YET_VALID'],
    'a clock from before the certificate was made',
    {
      clockAheadMs: parseCertificate(servingPair.certificate).validFromDate.getTime() - dayAfter(2).getTime(),
    },
  );
});
