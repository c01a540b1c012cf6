import { isObject } from '../document/json.ts';

/** A selector of `metav1.LabelSelector`; one without any requirement selects everything. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** Replaces a requirement that cannot be read. It selects nothing. */
const UNREADABLE = { key: '(unreadable)', operator: '' } as const;

/** Decodes a selector. A missing or null part requires nothing. A part that cannot be read selects nothing. */
export function decodeSelector(value: unknown): LabelSelector {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) return { matchExpressions: [UNREADABLE] };
  const { matchLabels, matchExpressions } = value;
  const labels = matchLabels ?? {};
  const expressions = matchExpressions ?? [];
  const isReadable =
    isObject(labels) &&
    Object.values(labels).every((one) => typeof one === 'string') &&
    Array.isArray(expressions);
  return isReadable
    ? {
        matchLabels: labels as Readonly<Record<string, string>>,
        matchExpressions: expressions.map(decodeExpression),
      }
    : { matchExpressions: [UNREADABLE] };
}

function decodeExpression(value: unknown): NonNullable<LabelSelector['matchExpressions']>[number] {
  if (!isObject(value)) return UNREADABLE;
  const { key, operator, values } = value;
  const texts = values ?? [];
  if (typeof key !== 'string' || typeof operator !== 'string' || !Array.isArray(texts)) return UNREADABLE;
  return { key, operator, values: texts.filter((one): one is string => typeof one === 'string') };
}

/** Whether a selector selects an object with these labels. An unknown operator selects nothing. */
export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
        default:
          return false;
      }
    })
  );
}

/** The keys of a selector. */
export function keysOf(selector: LabelSelector): readonly string[] {
  const keys = [
    ...Object.keys(selector.matchLabels ?? {}),
    ...(selector.matchExpressions ?? []).map(({ key }) => key),
  ];
  return [...new Set(keys)];
}
