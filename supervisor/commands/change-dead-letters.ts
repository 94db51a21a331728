import type { DeadLetters } from '../../shared/inbox/dead-letters.js';
import type { InboxMessage } from '../../shared/inbox/inbox-message.js';
import { printJson, type SetExitCode } from './account-arguments.js';
import { confirm, notDoneExitCode } from './confirm.js';
import { unknownMessage } from './unknown-message.js';

export interface DeadLettersChange {
  readonly number: string;
  readonly action: 'replay' | 'drop';
  /** Each once; none for all. */
  readonly ids: readonly string[];
  /** Undefined where no message has come yet. */
  readonly letters: DeadLetters | undefined;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly setExitCode: SetExitCode;
}

/**
 * Replays or drops dead letters, and says how many. What is none costs the others nothing.
 *
 * @throws WasupError that says of each of the others why not.
 */
export async function changeDeadLetters(change: DeadLettersChange): Promise<void> {
  const { number, action, letters, json, setExitCode } = change;
  const ids = change.ids.length > 0 ? change.ids : allOf(letters);
  if (change.ids.length === 0 && ids.length > 0 && !(await isMeant(change, ids.length))) {
    setExitCode(notDoneExitCode);
    return;
  }
  const refusals = ids.map((id) => refusal(id, letters?.get(id))).filter((sentence) => sentence !== undefined);
  const changed = letters?.[action](ids) ?? 0;
  if (json === true) printJson({ [action === 'replay' ? 'replayed' : 'dropped']: changed });
  else if (changed > 0 || refusals.length === 0) process.stdout.write(`${outcome(action, changed)}\n`);
  if (refusals.length > 0) throw unknownMessage(refusals, number);
}

/** Those that there are now: one that is parked while a person thinks is none of what was asked for. */
function allOf(letters: DeadLetters | undefined): string[] {
  const count = letters?.counts().dead ?? 0;
  return letters?.list(count).map(({ id }) => id) ?? [];
}

/** A replay can be done again; what is dropped is gone. */
async function isMeant({ number, action, yes }: DeadLettersChange, count: number): Promise<boolean> {
  if (action === 'replay' || yes === true) return true;
  return confirm({
    warning: `${deadLetters(count)} of +${number}: the bot never gets them, and what was written is deleted.`,
    question: count === 1 ? 'Drop it?' : 'Drop them?',
    refusal: `Nothing of +${number} was dropped`,
    withoutAsking: `wasup messages ${number} drop --yes`,
  });
}

function refusal(id: string, message: InboxMessage | undefined): string | undefined {
  switch (message?.state) {
    case 'dead':
      return undefined;
    case 'waiting':
      return `${id} is no dead letter: it waits for the bot.`;
    case 'running':
      return `${id} is no dead letter: it is with the bot.`;
    case 'done':
      return `${id} is no dead letter: it is done.`;
    case undefined:
      return `There is no message ${id}.`;
  }
}

function outcome(action: 'replay' | 'drop', changed: number): string {
  if (changed === 0) return 'There are no dead letters.';
  const wait = changed === 1 ? 'waits' : 'wait';
  const are = changed === 1 ? 'is' : 'are';
  return action === 'replay'
    ? `${deadLetters(changed)} ${wait} for the bot again: within a second where it listens, else once it does.`
    : `${deadLetters(changed)} ${are} given up.`;
}

const deadLetters = (count: number): string => `${count} ${count === 1 ? 'dead letter' : 'dead letters'}`;
