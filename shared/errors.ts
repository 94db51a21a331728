import { inspect } from 'node:util';

import { boundStack, boundText } from './bounded-text.js';

/**
 * An error that a person can act on: what happened, what to do, and the code to exit with.
 * Commands print `message` and `remedy` and no stack trace.
 */
export class WasupError extends Error {
  override readonly name = 'WasupError';
  /** What to do about it: one sentence in the imperative. */
  readonly remedy: string;
  /** See `exit-codes.ts`. */
  readonly exitCode: number;

  constructor(message: string, options: { remedy: string; exitCode: number; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.remedy = options.remedy;
    this.exitCode = options.exitCode;
  }
}

/**
 * The text of anything thrown: the library throws strings (`'auth timeout'`), puppeteer throws errors. It has {@link maxTextBytes}
 * at most, since it goes into files and over borders, and a bot may throw a text of any length.
 */
export function describeError(thrown: unknown): string {
  return boundText(textOf(thrown));
}

/** The stack of an error, for the log, and the text of anything else; bounded as well, and the calls stay. */
export function describeStack(thrown: unknown): string {
  return thrown instanceof Error ? boundStack(thrown) : describeError(thrown);
}

function textOf(thrown: unknown): string {
  if (thrown instanceof Error) {
    const { message }: { message: unknown } = thrown;
    // A bot may have put anything there.
    return String(message);
  }
  if (typeof thrown === 'string') return thrown;
  try {
    // JSON.stringify has nothing to say about undefined, functions and symbols.
    const json = JSON.stringify(thrown) as string | undefined;
    return json ?? String(thrown);
  } catch {
    // Objects that contain themselves, and numbers too large for JSON.
    return inspect(thrown, { depth: 1, breakLength: Infinity });
  }
}
