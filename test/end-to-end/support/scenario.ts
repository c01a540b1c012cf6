import { relative } from 'node:path';
import { after, before, it } from 'node:test';

/** A resource with logs that are shown if a test fails. */
interface Explaining {
  readonly logTails: () => Promise<string>;
}

const scenarioTimeoutMs = 180_000;
const startTimeoutMs = 60 * 60_000;
const explaining = new Set<Explaining>();

/** A test of the end-to-end suite. If it fails, it shows the logs and the command that runs it alone. */
export function scenario(title: string, body: () => Promise<void>): void {
  void it(title, { timeout: scenarioTimeoutMs }, async (context) => {
    try {
      await body();
    } catch (error) {
      for (const one of explaining) context.diagnostic(await one.logTails());
      context.diagnostic(`run this test again: ${rerunCommand(title, context.filePath)}`);
      throw error;
    }
  });
}

function rerunCommand(title: string, file: string | undefined): string {
  // Not RegExp.escape, because it writes \x20 for every space.
  const pattern = title.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`).replaceAll("'", String.raw`'\''`);
  return `npx node --test --test-name-pattern='${pattern}' ${relative(process.cwd(), file ?? '')}`;
}

/**
 * Starts a resource before the first test of a suite and disposes of it after the last. Returns a function that gives
 * it to the tests.
 */
export function shared<Held extends AsyncDisposable & Explaining>(start: () => Promise<Held>): () => Held {
  let held: Held | undefined;
  // The very first start may build Kubernetes.
  before(
    async () => {
      held = await start();
      explaining.add(held);
    },
    { timeout: startTimeoutMs },
  );
  after(async () => {
    if (held === undefined) return;
    explaining.delete(held);
    await held[Symbol.asyncDispose]();
  });
  return () => {
    if (held === undefined) throw new Error('used before the suite has started it');
    return held;
  };
}
