import { type LoadFnOutput, registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Loads the modules below a folder with our replacement for `node:test`, any number of times. */
export interface ModuleLoader {
  /** Reloads every module below the folder at its next import. Packages stay loaded. */
  readonly reload: () => void;
}

const STAND_IN = new URL('./node-test.ts', import.meta.url).href;

/** Replaces the loading of modules in this process. */
export function createModuleLoader(folder: string): ModuleLoader {
  const root = `${pathToFileURL(folder).href}/`;
  const stripped = new Map<string, string>();
  let generation = 0;
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'node:test' && context.parentURL !== STAND_IN)
        return { url: STAND_IN, shortCircuit: true };
      const resolved = next(specifier, context);
      // Node identifies a module by its URL, including the query.
      return generation > 0 && resolved.url.startsWith(root)
        ? { ...resolved, url: `${resolved.url}?generation=${generation}` }
        : resolved;
    },
    load(url, context, next) {
      if (!url.startsWith(root) || !new URL(url).pathname.endsWith('.ts')) return next(url, context);
      const path = fileURLToPath(url);
      const source = stripped.get(path) ?? stripTypeScriptTypes(textOf(next(url, context).source));
      stripped.set(path, source);
      return { format: 'module', source, shortCircuit: true };
    },
  });
  return { reload: () => void (generation += 1) };
}

function textOf(source: LoadFnOutput['source']): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source ?? undefined);
}
