import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeWebhooks } from '../../wiring/webhook-configuration.ts';
import { examineSettings } from './settings.ts';

const HEALTHY = {
  name: 'images.kube-image-bouncer.io',
  clientConfig: { url: 'https://gate:8443/validate' },
  failurePolicy: 'Fail',
  sideEffects: 'None',
  timeoutSeconds: 10,
  admissionReviewVersions: ['v1', 'v1beta1'],
};

function codesOf(fields: object): readonly string[] {
  const webhooks = [{ ...HEALTHY, ...fields }];
  return examineSettings(decodeWebhooks({ metadata: { name: 'kube-image-bouncer' }, webhooks })).map(
    ({ code }) => code,
  );
}

const at = (path: string): object => ({ clientConfig: { url: `https://gate:8443${path}` } });

describe('settings of a webhook', () => {
  const CASES: readonly (readonly [what: string, fields: object, codes: readonly string[]])[] = [
    ['the settings of bootstrap', {}, []],
    ['the defaults of Kubernetes', { failurePolicy: undefined, timeoutSeconds: undefined }, []],
    ['Ignore at stage deny', { failurePolicy: 'Ignore' }, ['FAILURE_POLICY_IGNORE']],
    ['Ignore at stage warn', { failurePolicy: 'Ignore', ...at('/validate/warn') }, []],
    ['Fail at stage audit', at('/validate/audit'), ['FAILURE_POLICY_FAIL']],
    ['the path of the Go program', at('/'), []],
    ['another path', at('/image_policy'), ['PATH_UNKNOWN']],
    ['a URL that cannot be parsed', { clientConfig: { url: 'gate' } }, ['PATH_UNKNOWN']],
    ['11 seconds', { timeoutSeconds: 11 }, ['TIMEOUT_LONG']],
    ['1 second', { timeoutSeconds: 1 }, ['TIMEOUT_SHORT']],
    ['sideEffects Some', { sideEffects: 'Some' }, ['SIDE_EFFECTS']],
    ['sideEffects left out', { sideEffects: undefined }, ['SIDE_EFFECTS']],
    ['sideEffects NoneOnDryRun', { sideEffects: 'NoneOnDryRun' }, []],
    ['only v1beta1', { admissionReviewVersions: ['v1beta1'] }, ['REVIEW_VERSION_MISSING']],
    ['A12 matchPolicy Exact', { matchPolicy: 'Exact' }, ['MATCH_POLICY_EXACT']],
  ];
  for (const [what, fields, codes] of CASES) it(what, () => assert.deepEqual(codesOf(fields), codes));
});
