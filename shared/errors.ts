import { inspect } from 'node:util';

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

/** The text of anything thrown: the library throws strings (`'auth timeout'`), puppeteer throws errors. */
export function describeError(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
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
