/** A wait took longer than it may. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  readonly deadlineMs: number;

  constructor(what: string, deadlineMs: number) {
    super(`${what} took longer than ${deadlineMs} ms`);
    this.deadlineMs = deadlineMs;
  }
}

/** What has arrived is heard before it is judged: after a pause of this process, timers run before what lies in its pipes. */
const turnsToDrain = 10;

/**
 * The promise's outcome, or a rejection with {@link DeadlineError} after `deadlineMs`. The work itself is not
 * cancelled; a rejection of it that comes later is swallowed, so that it can't end the process.
 *
 * @param since when the time began, in ms of `performance.now()`, asked for when it is over: work that gets on may have
 * it begin anew. Default: now.
 */
export async function withDeadline<Value>(
  work: Promise<Value>,
  deadlineMs: number,
  what: string,
  since?: () => number,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    const judgeIn = (turns: number): void => {
      if (turns > 0) {
        immediate = setImmediate(() => judgeIn(turns - 1));
        return;
      }
      const leftMs = since === undefined ? 0 : since() + deadlineMs - performance.now();
      if (leftMs > 0) waitFor(leftMs);
      else reject(new DeadlineError(what, deadlineMs));
    };
    const waitFor = (leftMs: number): void => {
      timer = setTimeout(() => judgeIn(turnsToDrain), leftMs);
    };
    waitFor(deadlineMs);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
    clearImmediate(immediate);
  }
}
