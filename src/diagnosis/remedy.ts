/** A choice that the operator made in `bootstrap webhook`, and that a repair must not change. */
export type WebhookChoice = 'stage' | 'kube-system' | 'exempt-namespaces' | 'replicas';

/** `bootstrap webhook`: the address of the gate and earlier choices are added when the cluster is known. */
export interface WebhookCommand {
  readonly form: 'webhook';
  /** The options of the repair, ending with `--apply` or `--delete`. */
  readonly options: readonly string[];
  /** Choices of this cluster that the command repeats. */
  readonly keep: readonly WebhookChoice[];
  /** Options with the address and the choices; `undefined` until the cluster is known. */
  readonly wiring: readonly string[] | undefined;
}

/** Any other command of kube-image-bouncer. */
interface GateCommand {
  readonly form: 'gate';
  /** As in `bootstrap image-policy`. */
  readonly command: string;
  /** Placeholders are in upper case: `FILE`. */
  readonly options: readonly string[];
}

/** A command of another program. */
interface ShellCommand {
  readonly form: 'shell';
  readonly program: string;
  readonly options: readonly string[];
}

type RemedyCommand = WebhookCommand | GateCommand | ShellCommand;

/** What the operator can do about a finding: a command, or a sentence with commands in it. */
export type Remedy = readonly (string | RemedyCommand)[];

const CHOICES: readonly WebhookChoice[] = ['stage', 'kube-system', 'exempt-namespaces', 'replicas'];

/** `bootstrap webhook`, with options as one text; `changes` are the choices that the repair does not keep. */
export function bootstrapWebhook(options: string, changes: readonly WebhookChoice[] = []): WebhookCommand {
  const keep = CHOICES.filter((choice) => !changes.includes(choice));
  return { form: 'webhook', options: wordsOf(options), keep, wiring: undefined };
}

/** A command of kube-image-bouncer, with options as one text. */
export function gateCommand(command: string, options = ''): GateCommand {
  return { form: 'gate', command, options: wordsOf(options) };
}

/** A command of another program. */
export function shellCommand(program: string, ...options: readonly string[]): ShellCommand {
  return { form: 'shell', program, options };
}

/** A sentence with commands in it. */
export function remedy(texts: TemplateStringsArray, ...commands: readonly RemedyCommand[]): Remedy {
  return texts.flatMap((text, index) => {
    const command = commands[index];
    return [...(text === '' ? [] : [text]), ...(command === undefined ? [] : [command])];
  });
}

/** The commands of a remedy, in order. */
export function commandsOf(remedy: Remedy): readonly RemedyCommand[] {
  return remedy.filter((part) => typeof part !== 'string');
}

/** The same remedy; each `bootstrap webhook` gets the options of the cluster. */
export function completeRemedy(
  remedy: Remedy,
  wiringOf: (command: WebhookCommand) => readonly string[],
): Remedy {
  return remedy.map((part) =>
    typeof part !== 'string' && part.form === 'webhook' ? { ...part, wiring: wiringOf(part) } : part,
  );
}

/** The text that doctor prints. Its commands can be pasted into a shell. `…` stands for the unknown options of the cluster. */
export function renderRemedy(remedy: Remedy): string {
  return remedy.map((part) => (typeof part === 'string' ? part : renderCommand(part))).join('');
}

/** The words of a command after the name of its program. */
export function argumentsOf(command: RemedyCommand): readonly string[] {
  switch (command.form) {
    case 'webhook':
      return ['bootstrap', 'webhook', ...(command.wiring ?? ['…']), ...command.options];
    case 'gate':
      return [...wordsOf(command.command), ...command.options];
    case 'shell':
      return command.options;
  }
}

function renderCommand(command: RemedyCommand): string {
  const program = command.form === 'shell' ? command.program : 'kube-image-bouncer';
  return [program, ...argumentsOf(command).map(quoteWord)].join(' ');
}

/** Quotes a word for a POSIX shell, only if it needs quotes. */
function quoteWord(word: string): string {
  return /^[\w…./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function wordsOf(text: string): readonly string[] {
  return text.split(' ').filter((word) => word !== '');
}
