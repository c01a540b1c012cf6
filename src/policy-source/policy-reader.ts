import { answerQuestions } from '../thread/answer-questions.ts';
import { examinePolicy } from './load.ts';

/** The bytes of a file that shall be a policy. */
export interface PolicyQuestion {
  readonly bytes: Uint8Array;
  readonly file: string;
}

// This file is the program of a thread, because a text of a megabyte can take seconds and hundreds of megabytes.
answerQuestions(({ bytes, file }: PolicyQuestion) => examinePolicy(bytes, file));
