import { chooseCatalogue } from '../../src/language/choose.ts';
import { DENIAL_CASES, textsOf } from './denial-cases.ts';

/** The page with all texts that users read, for reviewers. */
export const DENIAL_PAGE = 'test/suite/denials.md';

const LANGUAGES = ['en', 'zh'];

const HEAD = `# What users read

Written by \`npx node scripts/denials.ts\` from the cases in [denial-cases.ts](denial-cases.ts), and compared by a test.
Read the changes like a developer who does not know this gate.
`;

/** Each case with its texts in each language, one below the other. */
export async function renderDenialPage(): Promise<string> {
  const sections: string[] = [];
  for (const one of DENIAL_CASES) {
    const texts: string[] = [];
    for (const language of LANGUAGES) {
      const { catalogue } = chooseCatalogue(language);
      texts.push((await textsOf(one, catalogue)).join('\n'));
    }
    sections.push(
      `\n## ${one.title[0]?.toUpperCase()}${one.title.slice(1)}\n\n\`\`\`\n${texts.join('\n\n')}\n\`\`\`\n`,
    );
  }
  return HEAD + sections.join('');
}
