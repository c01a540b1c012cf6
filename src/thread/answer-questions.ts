import { parentPort } from 'node:worker_threads';

/**
 * Answers the questions of the thread that started this one. A program of a `Thread` calls it once. An error that
 * `answer` throws ends the thread, so the caller gets THREAD_FAILED with its message.
 * @param answer from a question to its answer, or to a promise of it; both have the types of that `Thread`
 */
export function answerQuestions(answer: (question: never) => unknown): void {
  const port = parentPort;
  if (port === null) throw new Error('this file is the program of a thread');
  port.on('message', (question: unknown) => {
    void (async () => port.postMessage(await answer(question as never)))();
  });
}
