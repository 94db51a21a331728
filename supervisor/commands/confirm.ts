import { createInterface } from 'node:readline/promises';

import { WasupError } from '../../shared/errors.js';
import { supervisorExitCodes } from '../../shared/exit-codes.js';

/** What a command ends with when the person has said no. */
export const notDoneExitCode = 1;

export interface Confirmation {
  /** What can't be undone, in a sentence. */
  readonly warning: string;
  /** Without the `[y/N]`. */
  readonly question: string;
  /** What was not done, when there is nobody to ask. */
  readonly refusal: string;
  /** The command that doesn't ask. */
  readonly withoutAsking: string;
}

/**
 * Asks the person at the terminal; anything but a yes is a no, and says that nothing was done.
 *
 * @throws WasupError with exit code 64 when there is nobody to ask.
 */
export async function confirm({ warning, question, refusal, withoutAsking }: Confirmation): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new WasupError(`${refusal}, as there is nobody to ask.`, {
      remedy: `Say \`${withoutAsking}\` when you mean it.`,
      exitCode: supervisorExitCodes.usage,
    });
  }
  // Not on stdout: what a command prints may be for a program.
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    process.stderr.write(`${warning}\n`);
    const isMeant = /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
    if (!isMeant) process.stderr.write('Nothing was done.\n');
    return isMeant;
  } finally {
    terminal.close();
  }
}
