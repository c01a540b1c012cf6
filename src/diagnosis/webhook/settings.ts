import { finding, type Finding } from '../finding.ts';
import { describeWebhook, type SeenWebhook } from '../../wiring/webhook-configuration.ts';

/** Maximum timeout, in seconds. A whole request has 34 seconds, and each webhook uses a part of them. */
const LONG_SECONDS = 10;

/** Minimum timeout, in seconds. On a busy machine a garbage collection and a new TLS connection take this time. */
const SHORT_SECONDS = 2;

/** Checks the settings of each webhook: failure policy, timeout, path, and the reviews that it receives. */
export function examineSettings(webhooks: readonly SeenWebhook[]): readonly Finding[] {
  return webhooks.flatMap((webhook) => {
    const subject = describeWebhook(webhook);
    return [
      ...examineFailure(webhook, subject),
      ...examineTimeout(webhook, subject),
      ...examineReviews(webhook, subject),
      ...(webhook.stage === undefined
        ? [finding('PATH_UNKNOWN', subject, `its path is ${webhook.target.path || 'empty'}`)]
        : []),
    ];
  });
}

function examineFailure({ stage, failurePolicy }: SeenWebhook, subject: string): readonly Finding[] {
  if (stage === undefined) return [];
  if (stage === 'deny' && failurePolicy !== 'Fail')
    return [finding('FAILURE_POLICY_IGNORE', subject, `failurePolicy is ${failurePolicy} at stage deny`)];
  if (stage !== 'deny' && failurePolicy === 'Fail')
    return [finding('FAILURE_POLICY_FAIL', subject, `failurePolicy is Fail at stage ${stage}`)];
  return [];
}

function examineTimeout({ timeoutSeconds }: SeenWebhook, subject: string): readonly Finding[] {
  const what = `timeoutSeconds is ${timeoutSeconds}`;
  if (timeoutSeconds > LONG_SECONDS) return [finding('TIMEOUT_LONG', subject, what)];
  return timeoutSeconds < SHORT_SECONDS ? [finding('TIMEOUT_SHORT', subject, what)] : [];
}

function examineReviews(
  { sideEffects, reviewVersions, matchPolicy }: SeenWebhook,
  subject: string,
): readonly Finding[] {
  return [
    ...(sideEffects === 'None' || sideEffects === 'NoneOnDryRun'
      ? []
      : [finding('SIDE_EFFECTS', subject, `sideEffects is ${sideEffects}`)]),
    ...(reviewVersions.includes('v1')
      ? []
      : [
          finding(
            'REVIEW_VERSION_MISSING',
            subject,
            `admissionReviewVersions is [${reviewVersions.join(', ')}]`,
          ),
        ]),
    ...(matchPolicy === 'Equivalent'
      ? []
      : [finding('MATCH_POLICY_EXACT', subject, `matchPolicy is ${matchPolicy}`)]),
  ];
}
