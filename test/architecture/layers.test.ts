import assert from 'node:assert/strict';
import test from 'node:test';
import { productionSources, readSource } from './sources.ts';
import type { SourceFile } from './sources.ts';

/** What a folder (or a file beside the folders) may import besides itself. No folder imports cli. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  'coded-error.ts': [],
  language: [],
  image: ['language', 'document'],
  workload: ['language', 'image', 'document'],
  document: [],
  file: [],
  thread: [],
  question: [],
  policy: ['language', 'image', 'workload', 'document', 'question'],
  'policy/rules': ['language', 'image', 'question', 'policy'],
  certificate: ['file'],
  kubernetes: ['document'],
  'control-plane': ['document', 'certificate'],
  wiring: ['document', 'policy', 'admission', 'kubernetes', 'control-plane'],
  webhook: ['document', 'workload', 'policy', 'kubernetes', 'certificate', 'wiring'],
  diagnosis: [
    'document',
    'image',
    'workload',
    'policy',
    'policy-source',
    'bouncer.ts',
    'kubernetes',
    'certificate',
    'control-plane',
    'wiring',
    'webhook',
  ],
  recovery: ['document', 'kubernetes', 'control-plane', 'wiring'],
  'policy-source': ['image', 'document', 'file', 'thread', 'policy', 'telemetry'],
  rollout: [
    'document',
    'workload',
    'policy',
    'policy-source',
    'bouncer.ts',
    'review',
    'report',
    'kubernetes',
    'certificate',
    'control-plane',
    'wiring',
    'webhook',
  ],
  telemetry: ['language', 'image', 'question', 'policy', 'admission'],
  admission: ['language', 'image', 'workload', 'document', 'policy'],
  'bouncer.ts': ['workload', 'question', 'policy'],
  report: ['language', 'image', 'document', 'policy', 'admission'],
  review: ['language', 'document', 'image', 'workload', 'policy'],
  check: ['language', 'image', 'document', 'file', 'policy', 'bouncer.ts', 'review', 'report', 'thread'],
  server: ['language', 'admission', 'policy', 'certificate', 'telemetry', 'bouncer.ts', 'wiring'],
  cli: [
    'coded-error.ts',
    'language',
    'document',
    'file',
    'thread',
    'question',
    'image',
    'workload',
    'policy',
    'certificate',
    'telemetry',
    'admission',
    'bouncer.ts',
    'review',
    'check',
    'report',
    'policy-source',
    'rollout',
    'server',
    'kubernetes',
    'control-plane',
    'wiring',
    'webhook',
    'diagnosis',
    'recovery',
  ],
};

/** Every folder may import this file, because every folder has errors. */
const EVERYWHERE = 'coded-error.ts';

/** These folders import the listed folders only for types. */
const TYPES_ONLY: Readonly<Record<string, readonly string[]>> = { telemetry: ['question', 'policy'] };

/** The only files of a folder that another folder may import. */
const ENTRANCES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  // A server needs the paths. It must not load the readers of files and clusters.
  server: { wiring: ['src/wiring/paths.ts'] },
};

/** The packages that each folder may import. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'coded-error.ts': [],
  language: [],
  image: [],
  workload: [],
  document: ['yaml'],
  file: [],
  thread: [],
  question: [],
  policy: ['tldts', 'zod'],
  'policy/rules': ['re2js', 'semver', 'zod'],
  certificate: ['@peculiar/x509', 'reflect-metadata'],
  kubernetes: ['@kubernetes/client-node'],
  'control-plane': [],
  wiring: [],
  webhook: [],
  diagnosis: [],
  recovery: [],
  telemetry: ['prom-client'],
  admission: [],
  'bouncer.ts': [],
  report: [],
  review: [],
  check: ['zod'],
  'policy-source': [],
  rollout: [],
  server: [],
  cli: ['commander'],
};

const NETWORK = /^node:(https?|http2|tls|net|dgram|dns)(\/|$)/;
/** Names of node:net that only read text. */
const NETWORK_WORDS = /^\{[\s,]*((isIP|isIPv4|isIPv6|BlockList)[\s,]*)+\}$/;
const FILES = /^node:fs(\/|$)/;
/** One folder starts threads, so that each has bounds. */
const THREADS = /^node:worker_threads$/;

const ROOMS: readonly (readonly [modules: RegExp, rooms: readonly string[]])[] = [
  [NETWORK, ['src/server/', 'src/kubernetes/', 'src/certificate/live.ts']],
  [
    FILES,
    ['server/', 'certificate/', 'file/', 'check/', 'control-plane/', 'cli/'].map((room) => `src/${room}`),
  ],
  [THREADS, ['src/thread/']],
];

/** Modules that start programs, evaluate text or share the process. No folder may import them. */
const NOWHERE = /^node:(child_process|cluster|vm|inspector|repl|wasi)(\/|$)/;

/** Inputs that a function must get from its caller. */
const HIDDEN_INPUTS = {
  'process.env': /\bprocess\s*\.\s*env\b/,
  'Date.now()': /\bDate\s*\.\s*now\b/,
  'new Date()': /\bnew\s+Date\s*\(\s*\)|\bnew\s+Date\b(?!\s*\()/,
  console: /\bconsole\s*[.[]/,
  'performance.now()': /\bperformance\s*\.\s*now\b/,
  'process.hrtime()': /\bprocess\s*\.\s*hrtime\b/,
};

/** Servers and followers of files need timers. The folders below wait only through a function of the caller. */
const FOLDERS_WITHOUT_TIMERS = new Set([
  'wiring',
  'kubernetes',
  'control-plane',
  'webhook',
  'diagnosis',
  'recovery',
  'review',
  'rollout',
]);

const TIMERS = /\bset(Timeout|Interval|Immediate)\b|['"](node:)?timers\b|\bAbortSignal\s*\.\s*timeout\b/;

const sources = productionSources();

/** `src/policy/rules/x.ts` → `policy/rules`, `src/bouncer.ts` → `bouncer.ts`. */
function layerOf(path: string): string {
  if (path.startsWith('src/policy/rules/')) return 'policy/rules';
  return path.split('/')[1] ?? path;
}

function offences(of: (source: SourceFile) => readonly string[]): readonly string[] {
  return sources.flatMap((source) => of(source).map((what) => `${source.path}: ${what}`));
}

test('every folder imports only folders below it', () => {
  const found = offences(({ path, imports }) => {
    const layer = layerOf(path);
    return imports.flatMap(({ target, specifier, typeOnly }) => {
      if (target === undefined || layerOf(target) === layer) return [];
      // cli reads the name and the version of the program from package.json.
      if (layer === 'cli' && target === 'package.json') return [];
      const to = layerOf(target);
      const below = LAYERS[layer] ?? [];
      // The policy knows the rules only from their list.
      const allowed =
        to === EVERYWHERE ||
        below.includes(to) ||
        (to === 'policy/rules' && layer !== 'policy/rules' && target === 'src/policy/rules/index.ts');
      if (!allowed || !target.startsWith('src/')) return [`${layer} may not import ${specifier}`];
      if (ENTRANCES[layer]?.[to]?.includes(target) === false) return [`${layer} may not import ${specifier}`];
      if (!typeOnly && TYPES_ONLY[layer]?.includes(to) === true)
        return [`${layer} may import ${specifier} as a type only`];
      return [];
    });
  });
  assert.deepEqual(found, []);
});

test('every folder of src is in the table', () => {
  const layers = new Set(sources.map(({ path }) => layerOf(path)));
  assert.deepEqual(
    [...layers].filter((layer) => LAYERS[layer] === undefined || PACKAGES[layer] === undefined),
    [],
  );
});

test('the table in ARCHITECTURE.md is the same', () => {
  const rows = readSource('ARCHITECTURE.md').text.matchAll(/^\| `([\w.-]+?)\/?` \|[^|]*\| ([^|]+?) \|$/gm);
  const others = Object.keys(LAYERS).filter((layer) => layer !== 'cli' && layer !== 'policy/rules');
  const documented = [...rows].map(([, layer = '', imports = '']): [string, string[]] => {
    if (imports === 'nothing') return [layer, []];
    if (imports === 'all') return [layer, others];
    return [
      layer,
      imports
        .replace(' (types)', '')
        .replace(/\bbouncer\b/, 'bouncer.ts')
        .split(', '),
    ];
  });
  const expected = Object.entries(LAYERS).filter(([layer]) => layer !== 'policy/rules');
  const sorted = (table: readonly (readonly [string, readonly string[]])[]): object =>
    Object.fromEntries(table.map(([layer, imports]) => [layer, imports.toSorted()]));
  assert.deepEqual(sorted(documented), sorted(expected));
});

test('packages are imported only by the folders in the table', () => {
  const found = offences(({ path, imports }) =>
    imports.flatMap(({ specifier, target }) => {
      if (target !== undefined || specifier.startsWith('node:')) return [];
      const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
      return PACKAGES[layerOf(path)]?.includes(name) === true ? [] : [`may not import ${specifier}`];
    }),
  );
  assert.deepEqual(found, []);
});

test('only listed folders open sockets or files or start threads, and none starts programs', () => {
  const found = offences(({ path, imports }) =>
    imports.flatMap(({ specifier, clause }) => {
      const onlyReadsText = NETWORK.test(specifier) && NETWORK_WORDS.test(clause);
      const isOutside = ROOMS.some(
        ([modules, rooms]) => modules.test(specifier) && !rooms.some((room) => path.startsWith(room)),
      );
      const refused = (isOutside && !onlyReadsText) || NOWHERE.test(specifier);
      return refused ? [`may not import ${specifier}`] : [];
    }),
  );
  assert.deepEqual(found, []);
});

test('Node’s own modules are named with node:', () => {
  const bare =
    /^(assert|buffer|crypto|events|fs|http|https|net|os|path|process|stream|tls|url|util|zlib)(\/|$)/;
  assert.deepEqual(
    offences(({ imports }) => imports.flatMap(({ specifier }) => (bare.test(specifier) ? [specifier] : []))),
    [],
  );
});

test('no code below cli/ reads the environment or the clock, or writes to the console', () => {
  const found = offences(({ path, code }) =>
    path.startsWith('src/cli/')
      ? []
      : Object.entries(HIDDEN_INPUTS).flatMap(([what, pattern]) => (pattern.test(code) ? [what] : [])),
  );
  assert.deepEqual(found, []);
});

test('no code of the policy makes a RegExp from text, which may come from a policy (C19)', () => {
  // `match`, `matchAll` and `search` make a RegExp from a string. Text that begins with a slash is a literal.
  const making = /\bRegExp\b|\.(?:match|matchAll|search)\((?!\s*\/)/;
  const found = offences(({ path, code }) =>
    path.startsWith('src/policy/') && making.test(code) ? ['makes a RegExp'] : [],
  );
  assert.deepEqual(found, []);
});

test('the folders that operate a cluster set no timers', () => {
  const found = offences(({ path, code }) =>
    FOLDERS_WITHOUT_TIMERS.has(layerOf(path)) ? [...(TIMERS.exec(code)?.slice(0, 1) ?? [])] : [],
  );
  assert.deepEqual(found, []);
});

test('headersDistinct of a request is not used', () => {
  // In some versions of Node it throws for some names of headers. `headers` and `rawHeaders` do not throw.
  assert.deepEqual(
    offences(({ code }) => (/\bheadersDistinct\b/.test(code) ? ['headersDistinct'] : [])),
    [],
  );
});

test('no import leaves src', () => {
  const found = offences(({ path, imports }) =>
    imports.flatMap(({ specifier, target }) => {
      const climbs = specifier.split('../').length - 1;
      const limit = path.split('/').length - (target === 'package.json' ? 1 : 2);
      return climbs > limit ? [specifier] : [];
    }),
  );
  assert.deepEqual(found, []);
});
