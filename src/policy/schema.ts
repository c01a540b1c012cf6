import * as z from 'zod';
import { USAGES } from '../image/use.ts';
import { VALIDATION_ACTIONS } from './decision.ts';
import { imageList } from './parameters.ts';
import { RULE_KINDS, type RuleKey } from './rules/index.ts';

/** The `apiVersion` and `kind` of a policy. */
export const POLICY_API_VERSION = 'kube-image-bouncer.io/v1alpha1';
export const POLICY_KIND = 'ImageAdmissionPolicy';

// DNS-1123 subdomain, as Kubernetes names objects.
const name = z
  .string()
  .max(253, { message: 'a name has at most 253 characters' })
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, {
    message:
      'a name has lower-case letters, digits, "-" and "." only, and begins and ends with a letter or a digit',
  });

const list = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .min(1, { message: 'an empty list selects nothing; leave it out, or name at least one' })
    .max(1000, { message: 'a list has at most 1000 items; write several rules' });

/** Text that is parsed when the policy is loaded. */
const item = z.string().max(253, { message: 'a name has at most 253 characters' });

const actions = z
  .array(z.enum(VALIDATION_ACTIONS))
  .min(1, { message: 'a rule without an action does nothing; name Deny, Warn or Audit' })
  .refine((chosen) => new Set(chosen).size === chosen.length, {
    message: 'an action occurs twice; write it once',
  })
  .refine((chosen) => !chosen.includes('Deny') || chosen.length === 1, {
    message: 'Deny must be the only action; a refusal is reported and audited anyway',
  })
  .describe('What a violation does: Deny, or Warn, or Audit, or Warn and Audit together.');

const text = z
  .string()
  .min(1, { message: 'the message is empty; leave it out' })
  .max(256, { message: 'a message has at most 256 characters' })
  // eslint-disable-next-line no-control-regex -- control characters must be refused (K01, K02)
  .regex(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/, {
    message: 'a message is one line without control characters',
  });

const selector = z
  .strictObject({
    images: imageList.optional(),
    usages: list(z.enum(USAGES)).optional().describe('The list of a pod that has the image.'),
    resources: list(item).optional().describe('Plural with group: pods, deployments.apps.'),
    namespaces: list(item).optional().describe('Names; "*" stands for any characters, as in team-*.'),
    users: list(item).optional().describe('User names; "*" stands for any characters.'),
    groups: list(item).optional().describe('Group names; "*" stands for any characters.'),
  })
  .refine((fields) => Object.keys(fields).length > 0, {
    message: 'it is empty; leave it out to select everything',
  });

const checks = Object.fromEntries(
  Object.values(RULE_KINDS).map(({ key, parameters }) => [key, parameters.optional()]),
) as { [Key in RuleKey]: z.ZodOptional<(typeof RULE_KINDS)[Key]['parameters']> };

const rule = z.strictObject({
  name: name.describe('Named in denials, logs and metrics; unique in the policy.'),
  match: selector
    .optional()
    .describe('What the rule applies to; without it, everything. Fields are ANDed, values are ORed.'),
  exclude: selector
    .optional()
    .describe('Exceptions: what the rule does not apply to, even if match selects it.'),
  validationActions: actions.optional(),
  message: text.optional().describe('The first part of the text when the rule refuses.'),
  messages: z
    .record(
      z
        .string()
        .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, { message: 'a language is a BCP 47 tag, such as zh' }),
      text,
    )
    .optional()
    .describe('The message in other languages, by BCP 47 tag.'),
  ...checks,
});

const path = z
  .string()
  .min(1, { message: 'the path is empty' })
  .describe('Keys with dots between them; [*] for the items of a list, .* for the values of a map.');

const imageSource = z
  .strictObject({
    podSpec: path.optional().describe('Path to a PodSpec: containers of all types, and image volumes.'),
    image: path
      .optional()
      .describe('Path to text that is an image; {keys} behind a map whose keys are images.'),
    usage: z.enum(USAGES).optional().describe('The usage that rules see. Default container.'),
  })
  .refine(({ podSpec, image }) => (podSpec === undefined) !== (image === undefined), {
    message: 'it needs exactly one of podSpec and image',
  })
  .refine(({ podSpec, usage }) => podSpec === undefined || usage === undefined, {
    message: 'usage is for image only; a pod spec already has usages',
  });

const customResource = z.strictObject({
  resource: item.describe('Plural with group: widgets.example.com.'),
  kind: z
    .string()
    .regex(/^[A-Z][A-Za-z0-9]{0,62}$/, {
      message: 'a kind has letters and digits only, begins with a capital and has at most 63 of them',
    })
    .describe('The kind of its objects: Widget.'),
  scope: z
    .enum(['Namespaced', 'Cluster'])
    .optional()
    .describe(
      'Whether its objects have namespaces, for check. Without it check does not know their namespaces.',
    ),
  template: z
    .boolean()
    .optional()
    .describe('Whether pods are created from it, which are judged again. Default true.'),
  images: z
    .array(imageSource)
    .min(1, { message: 'the list of images is empty; name at least one path' })
    .max(100, { message: 'a kind has at most 100 paths' }),
});

/** The `ImageAdmissionPolicy` document; unknown keys, empty lists and empty rules are refused. */
export const policySchema = z.strictObject({
  apiVersion: z.literal(POLICY_API_VERSION),
  kind: z.literal(POLICY_KIND),
  metadata: z.strictObject({
    name,
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.strictObject({
    validationActions: actions.optional(),
    unmatchedImages: z
      .enum(['Deny', 'Allow'])
      .describe('What happens to an image that no rule vouches for. There is no default.'),
    shortNames: z
      .enum(['DockerHub', 'Refuse'])
      .optional()
      .describe(
        'What an image without a registry is: an image of Docker Hub, or one that no pattern admits. Default DockerHub.',
      ),
    customResources: z
      .array(customResource)
      .min(1, { message: 'the list is empty; leave it out' })
      .max(100, { message: 'a policy has at most 100 custom resources of its own' })
      .optional()
      .describe('Paths of images in custom resources that the gate does not know.'),
    rules: z
      .array(rule)
      .min(1, { message: 'a policy without rules decides nothing; write at least one' })
      .max(1000, { message: 'a policy has at most 1000 rules' }),
  }),
});

export type PolicyDocument = z.infer<typeof policySchema>;
export type RuleDocument = PolicyDocument['spec']['rules'][number];
export type SelectorDocument = NonNullable<RuleDocument['match']>;
export type CustomResourceDocument = NonNullable<PolicyDocument['spec']['customResources']>[number];
export type ImageSourceDocument = CustomResourceDocument['images'][number];

/** JSON Schema (2020-12) of the document, for editors. Values that need a parser, such as image patterns, are strings. */
export function renderPolicySchema(): object {
  const schema = z.toJSONSchema(policySchema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      // Zod cannot render "exactly one", because it is a refinement.
      if (zodSchema === rule) jsonSchema.oneOf = Object.keys(RULE_KINDS).map((key) => ({ required: [key] }));
      if (zodSchema === imageSource) jsonSchema.oneOf = [{ required: ['podSpec'] }, { required: ['image'] }];
    },
  });
  return { ...schema, title: POLICY_KIND };
}
