import { readFileSync } from 'node:fs';
import { answerQuestions } from '../../src/thread/answer-questions.ts';

/** What the tests of threads ask. */
export type TestQuestion =
  | { readonly ask: 'echo'; readonly value: unknown }
  | { readonly ask: 'never end' | 'take memory' | 'throw' | 'exit' | 'read environment' }
  | { readonly ask: 'read'; readonly file: string };

answerQuestions((question: TestQuestion) => {
  switch (question.ask) {
    case 'echo':
      return question.value;
    case 'read':
      return readFileSync(question.file, 'utf8');
    case 'read environment':
      return { ...process.env };
    case 'throw':
      throw new Error('the answer of a test');
    case 'exit':
      return process.exit(3);
    case 'never end':
      for (;;);
    case 'take memory': {
      const kept: unknown[] = [];
      for (;;) kept.push({ length: kept.length });
    }
  }
});
