import { stringify } from 'yaml';

/** A value as one YAML document that ends in a line break; long texts are not folded, so that a diff stays readable. */
export function renderYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Values as one YAML stream, as `kubectl apply -f -` reads it. */
export function renderYamlStream(values: readonly unknown[]): string {
  return values.map(renderYaml).join('---\n');
}
