/** A sentence of the API server about an object that it did not create, and the conclusions from it. */
export interface RefusalCase {
  /** The situation in which the API server writes it. */
  readonly when: string;
  readonly status: number;
  readonly message: string;
  /** `webhook NAME`, `ImagePolicyWebhook`, or `-` if the sentence names neither. */
  readonly who: string;
  readonly outcome: 'refused' | 'unreachable' | 'no-dry-run' | 'forbidden' | 'other';
}

const OURS = 'images.kube-image-bouncer.io';
const OTHER = 'policy.example.com';
const PLUGIN = 'ImagePolicyWebhook';

type Row = readonly [when: string, status: number, message: string];

function cases(
  who: string,
  outcome: RefusalCase['outcome'],
  prefix: string,
  rows: readonly Row[],
): readonly RefusalCase[] {
  return rows.map(([when, status, message]) => ({
    when,
    status,
    message: `${prefix}${message}`,
    who,
    outcome,
  }));
}

/** The answers of a gate to `ImagePolicyWebhook` that refuse. */
const PLUGIN_REFUSED: readonly Row[] = [
  ['the gate refuses with a reason', 403, 'image policy webhook backend denied one or more images: no'],
  ['the gate refuses without a reason', 403, 'one or more images rejected by webhook backend'],
  [
    'the gate refuses, and the API server is older than 1.9',
    403,
    'image policy webook backend denied one or more images: no',
  ],
];

/** The failures of a call of `ImagePolicyWebhook`. All of them are refusals of the pod unless `defaultAllow` is true. */
const PLUGIN_FAILED: readonly Row[] = [
  [
    'the answer has another kind',
    403,
    'no kind "Foo" is registered for version "v1" in scheme "k8s.io/kubernetes/plugin/pkg/admission/imagepolicy/admission.go:50"',
  ],
  [
    'the answer has another version',
    403,
    'no kind "ImageReview" is registered for version "imagepolicy.k8s.io/v1beta1" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"',
  ],
  [
    'the answer is not JSON',
    403,
    `couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
  ],
  [
    '`allowed` is a string',
    403,
    'json: cannot unmarshal string into Go struct field ImageReviewStatus.status.allowed of type bool',
  ],
  [
    '`allowed` is a string, and the API server is older than 1.23',
    403,
    'v1alpha1.ImageReview.Status: v1alpha1.ImageReviewStatus.Allowed: ReadBool: expect t or f, but found "',
  ],
  ['the Content-Type cannot be parsed', 403, 'Internal error occurred: mime: no media type'],
  [
    'the answer is empty, with HTTP status 200',
    403,
    '0-length response with status code: 200 and content type: application/json',
  ],
  [
    'the answer is empty, with HTTP status 204',
    403,
    '0-length response with status code: 204 and content type: application/json',
  ],
  ['HTTP status 400', 403, 'the server rejected our request for an unknown reason'],
  ['HTTP status 401', 403, 'the server has asked for the client to provide credentials'],
  ['HTTP status 404', 403, 'the server could not find the requested resource'],
  [
    'HTTP status 207, 299, 304 or 413',
    403,
    'the server responded with the status code 413 but did not return more information',
  ],
  ['HTTP status 422', 403, 'the server rejected our request due to an error in our request'],
  ['HTTP status 429', 403, 'the server has received too many requests and has asked us to try again later'],
  [
    'HTTP status 500, 501 or 502',
    403,
    'an error on the server ("unknown") has prevented the request from succeeding',
  ],
  ['HTTP status 503', 403, 'the server is currently unable to handle the request'],
  [
    'HTTP status 504',
    403,
    'the server was unable to return a response in the time allotted, but may still be processing the request',
  ],
  ['no answer within 30 s', 403, 'Post "https://h:1323/image_policy?timeout=30s": context deadline exceeded'],
  [
    'nothing listens at the address',
    403,
    'Post "https://h:1323/image_policy?timeout=30s": dial tcp 127.0.0.1:1323: connect: connection refused',
  ],
  ['the gate closes the connection', 403, 'Post "https://h:1323/image_policy?timeout=30s": EOF'],
  [
    'the certificate of the gate is not trusted',
    403,
    'Post "https://h:1323/image_policy?timeout=30s": x509: certificate signed by unknown authority',
  ],
  [
    'the gate redirects to an address that does not answer',
    403,
    'Get "https://h:1/elsewhere": dial tcp 127.0.0.1:1: connect: connection refused',
  ],
  [
    'the time of the request ends between two attempts',
    403,
    'webhook call failed: context deadline exceeded',
  ],
];

/** The failures of a call of a webhook, behind `failed calling webhook "NAME": `. */
const WEBHOOK_FAILED: readonly Row[] = [
  [
    'nothing listens at the address',
    500,
    'failed to call webhook: Post "https://a.b.svc:443/validate?timeout=5s": dial tcp 10.0.0.1:443: connect: connection refused',
  ],
  [
    'the Service has no ready pod',
    500,
    'failed to call webhook: Post "https://a.b.svc:443/validate?timeout=5s": no endpoints available for service "a"',
  ],
  [
    'no answer in time',
    500,
    'failed to call webhook: Post "https://a.b.svc:443/validate?timeout=5s": context deadline exceeded',
  ],
  [
    'the gate closes the connection',
    500,
    'failed to call webhook: Post "https://a.b.svc:443/validate?timeout=5s": EOF',
  ],
  [
    'the certificate of the gate is not trusted',
    500,
    'failed to call webhook: Post "https://a.b.svc:443/validate?timeout=5s": x509: certificate has expired or is not yet valid',
  ],
  [
    'HTTP status 500',
    500,
    'failed to call webhook: an error on the server ("no") has prevented the request from succeeding',
  ],
  ['HTTP status 403', 500, 'failed to call webhook: no'],
  ['the API server is older than 1.23', 500, 'Post "https://a.b.svc:443/validate?timeout=5s": EOF'],
  ['the answer has no `response`', 500, 'received invalid webhook response: webhook response was absent'],
  [
    'the answer has another uid',
    500,
    'received invalid webhook response: expected response.uid="1", got "2"',
  ],
  [
    'the answer has another kind',
    500,
    'received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=',
  ],
  [
    'the answer has another version',
    500,
    'converting (v1.AdmissionReview) to (v1beta1.AdmissionReview): unknown conversion',
  ],
  [
    'a validating webhook answers with a patch',
    500,
    'received invalid webhook response: validating webhook may not return response.patch',
  ],
  [
    'a validating webhook answers with a patchType',
    500,
    'received invalid webhook response: validating webhook may not return response.patchType',
  ],
  [
    'a patch without a patchType',
    500,
    'received invalid webhook response: webhook returned response.patch but not response.patchType',
  ],
  [
    'a patchType without a patch',
    500,
    'received invalid webhook response: webhook returned response.patchType but not response.patch',
  ],
  [
    'an empty patchType',
    500,
    'received invalid webhook response: webhook returned invalid response.patchType of ""',
  ],
  ['another patchType', 500, 'unsupported patch type "MergePatch"'],
  [
    'a patch that cannot be decoded (1.34 and later)',
    500,
    'received undecodable patch in webhook response: invalid character',
  ],
];

const OTHERS: readonly Row[] = [
  ['ImagePolicyWebhook, HTTP status 403 with a text', 403, 'no access'],
  [
    'a quota',
    403,
    'pods "p" is forbidden: exceeded quota: q, requested: cpu=1m, used: cpu=1, limited: cpu=1',
  ],
  [
    'a Pod Security Standard',
    403,
    'pods "p" is forbidden: violates PodSecurity "restricted:latest": privileged',
  ],
  [
    'the service account is missing',
    403,
    'pods "p" is forbidden: error looking up service account default/default: serviceaccount "default" not found',
  ],
  [
    'a ValidatingAdmissionPolicy, reason Forbidden',
    403,
    `pods "p" is forbidden: ValidatingAdmissionPolicy 'x' with binding 'y' denied request: no`,
  ],
  [
    'a ValidatingAdmissionPolicy, default reason',
    422,
    `pods "p" is forbidden: ValidatingAdmissionPolicy 'x' with binding 'y' denied request: no`,
  ],
  [
    'a matchCondition of a webhook with failurePolicy Fail cannot be evaluated',
    403,
    `pods "p" is forbidden: expression 'object.spec.none' resulted in error: no such key: none`,
  ],
  [
    'a patch of a mutating webhook that cannot be applied',
    500,
    'Internal error occurred: replace operation does not apply: doc is missing path: /spec/none',
  ],
  ['the namespace is missing', 404, 'namespaces "nowhere" not found'],
  [
    'the whole request took too long',
    504,
    'Timeout: request did not complete within requested timeout - context deadline exceeded',
  ],
  ['an answer without a message', 503, ''],
];

/** The sentences of the API server, the ones of `ImagePolicyWebhook` first. */
export const REFUSAL_CASES: readonly RefusalCase[] = [
  ...cases(PLUGIN, 'refused', 'pods "p" is forbidden: ', PLUGIN_REFUSED),
  ...cases(PLUGIN, 'unreachable', 'pods "p" is forbidden: ', PLUGIN_FAILED),
  ...cases(PLUGIN, 'unreachable', '', [['HTTP status 403 with a JSON body', 403, 'unknown']]),
  ...cases(`webhook ${OURS}`, 'refused', `admission webhook "${OURS}" `, [
    ['the gate refuses with a message', 403, 'denied the request: Images using latest tag are not allowed'],
    ['the gate refuses with a reason', 403, 'denied the request: Forbidden'],
    ['the gate refuses without both', 400, 'denied the request without explanation'],
    [
      'the gate refuses and repeats the text of another refusal',
      403,
      `denied the request: failed calling webhook "${OTHER}": pods is forbidden: User "v" cannot create resource "pods"`,
    ],
  ]),
  ...cases(
    `webhook ${OURS}`,
    'unreachable',
    `Internal error occurred: failed calling webhook "${OURS}": `,
    WEBHOOK_FAILED,
  ),
  ...cases(`webhook ${OURS}`, 'unreachable', `failed calling admission webhook "${OURS}": `, [
    ['the API server is older than 1.13', 500, 'Post https://a.b.svc:443/validate?timeout=30s: EOF'],
  ]),
  ...cases(`webhook ${OURS}`, 'unreachable', `admission webhook "${OURS}" `, [
    [
      'a patch for an operation that has no new object',
      500,
      'attempted to modify the object, which is not supported for this operation',
    ],
  ]),
  ...cases(`webhook ${OURS}`, 'no-dry-run', `admission webhook "${OURS}" `, [
    ['sideEffects is Some or Unknown', 400, 'does not support dry run'],
  ]),
  ...cases(`webhook ${OTHER}`, 'refused', `admission webhook "${OTHER}" `, [
    ['a webhook that is not ours refuses', 403, 'denied the request: no'],
    [
      'a webhook that is not ours repeats our name',
      403,
      `denied the request: admission webhook "${OURS}" denied the request`,
    ],
  ]),
  ...cases(
    `webhook ${OTHER}`,
    'unreachable',
    `Internal error occurred: failed calling webhook "${OTHER}": `,
    [['a webhook that is not ours does not answer', 500, 'failed to call webhook: Post "https://c": EOF']],
  ),
  ...cases('-', 'forbidden', '', [
    [
      'the user may not create pods',
      403,
      'pods is forbidden: User "v" cannot create resource "pods" in API group "" in the namespace "default"',
    ],
    [
      'the user may not create Leases',
      403,
      'leases.coordination.k8s.io is forbidden: User "v" cannot create resource "leases" in API group "coordination.k8s.io" in the namespace "default"',
    ],
    ['the credentials are not accepted', 401, 'Unauthorized'],
  ]),
  ...cases('-', 'other', '', OTHERS),
];
