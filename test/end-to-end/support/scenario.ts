import { relative } from 'node:path';
import { after, before, it } from 'node:test';

/** Something that can say what it logged, once a test has failed. */
interface Explaining {
  readonly logTails: () => Promise<string>;
}

const scenarioTimeoutMs = 180_000;
const startTimeoutMs = 60 * 60_000;
const explaining = new Set<Explaining>();

/** A test of the end-to-end suite; when it fails it shows the logs and says how to run it alone. */
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

/** Starts something before the first test of a suite and disposes of it after the last; gives it to the tests between. */
export function shared<Held extends AsyncDisposable & Explaining>(start: () => Promise<Held>): () => Held {
  let held: Held | undefined;
  // The first start of all may have to build Kubernetes.
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
