import { Document, visit, type ToStringOptions } from 'yaml';
import { isMisread, escapeMisread } from './line-breaks.ts';

/** A value as one YAML document that ends with a line break. Long texts are not folded, so that a diff is easy to read. */
export function renderYaml(value: unknown): string {
  return renderBlock(value, {});
}

/** The same with other options. */
export function renderBlock(value: unknown, style: ToStringOptions): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, scalar) => {
      // A reader of YAML 1.1 would split this text in plain style, and a terminal would obey it.
      if (typeof scalar.value === 'string' && isMisread(scalar.value)) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return escapeMisread(document.toString({ lineWidth: 0, ...style }));
}

/** Values as one YAML stream, as `kubectl apply -f -` reads it. */
export function renderYamlStream(values: readonly unknown[]): string {
  return values.map(renderYaml).join('---\n');
}
