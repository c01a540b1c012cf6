import { decodePolicy } from '../policy/decode.ts';
import type { FileResult } from '../report/result.ts';
import { answerQuestions } from '../thread/answer-questions.ts';
import { createJudge, judgeFiles, type FileBatch, type Judge, type JudgeSettings } from './judge-file.ts';

/** The first question has the settings, each further one has files. */
export type JudgeQuestion = { readonly settings: JudgeSettings } | { readonly batch: FileBatch };

let judge: Judge | undefined;

/** The results of the files, in their order; none for the settings. */
async function answer(question: JudgeQuestion): Promise<readonly FileResult[]> {
  if ('settings' in question) {
    const { settings } = question;
    judge = createJudge(settings, await decodePolicy(settings.policy, settings.language));
    return [];
  }
  if (judge === undefined) throw new Error('the first question has no settings');
  return judgeFiles(question.batch, judge);
}

// This file is the program of a thread, so that no file can stop or end the judging of the others.
answerQuestions(answer);
