/** A wait took longer than it may. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  readonly deadlineMs: number;

  constructor(what: string, deadlineMs: number) {
    super(`${what} took longer than ${deadlineMs} ms`);
    this.deadlineMs = deadlineMs;
  }
}

/**
 * The promise's outcome, or a rejection with {@link DeadlineError} after `deadlineMs`. The work itself is not
 * cancelled; a rejection of it that comes later is swallowed, so that it can't end the process.
 */
export async function withDeadline<Value>(work: Promise<Value>, deadlineMs: number, what: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(what, deadlineMs)), deadlineMs);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
