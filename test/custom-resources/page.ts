import type { CustomKind, ImageSource } from '../../src/workload/custom/custom-kind.ts';
import { PROJECTS } from '../../src/workload/custom/shipped-kinds.ts';

/** The page that lists every kind and path. */
export const PAGE = 'docs/custom-resources.md';

const BEGIN = '<!-- what follows is written by scripts/custom-resources.ts -->';

/** The expected page, with lists that are made from the data. */
export function withLists(page: string): string {
  return `${page.slice(0, page.indexOf(BEGIN))}${BEGIN}\n\n${renderLists()}`;
}

function renderLists(): string {
  return Object.entries(PROJECTS)
    .map(([project, kinds]) => renderProject(project, kinds))
    .join('\n');
}

function renderProject(project: string, kinds: readonly CustomKind[]): string {
  const parts = [...partsOf(kinds.flatMap(({ sources }) => sources))];
  const rows = kinds.map(
    ({ resource, kind, sources }) =>
      `| \`${resource}\` | ${kind} | ${sources.map(renderSource).join('<br>')} |`,
  );
  const partRows = parts.map(
    ([part, sources]) => `| a ${part} | ${sources.map(renderSource).join('<br>')} |`,
  );
  return [
    `## ${project}`,
    '',
    '| resource | kind | its images |',
    '|---|---|---|',
    ...rows,
    ...(parts.length === 0 ? [] : ['', '| part | its images |', '|---|---|', ...partRows]),
    ...renderRemarks(kinds),
    '',
  ].join('\n');
}

function renderRemarks(kinds: readonly CustomKind[]): string[] {
  const final = kinds.filter(({ template }) => !template).map(({ kind }) => kind);
  const skipped = new Map(kinds.flatMap((kind) => kind.skipped.map(({ path, why }) => [path, why] as const)));
  const remarks = [
    ...(final.length === 0
      ? []
      : [`- Pulled without any pod, and so never judged again: ${final.join(', ')}.`]),
    ...[...skipped].map(([path, why]) => `- Not read: \`${path}\`, ${why}.`),
  ];
  return remarks.length === 0 ? [] : ['', ...remarks];
}

function renderSource(source: ImageSource): string {
  switch (source.kind) {
    case 'podSpec':
      return source.at.text === '' ? 'a pod spec, in its own place' : `a pod spec in \`${source.at.text}\``;
    case 'image':
      return `\`${source.at.text}\`${renderUsage(source)}`;
    case 'within':
      return `a ${source.part} in \`${source.at.text}\``;
  }
}

function renderUsage({ usage, tags }: Extract<ImageSource, { kind: 'image' }>): string {
  const words = [
    ...(usage === 'container' ? [] : [usage]),
    ...(tags === undefined ? [] : [`with \`${tags.text}\``]),
  ];
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

/** Parts by their names, including parts within other parts. */
function partsOf(
  sources: readonly ImageSource[],
  parts: Map<string, readonly ImageSource[]> = new Map(),
): ReadonlyMap<string, readonly ImageSource[]> {
  for (const source of sources) {
    if (source.kind !== 'within' || parts.has(source.part)) continue;
    parts.set(source.part, source.sources());
    partsOf(source.sources(), parts);
  }
  return parts;
}
