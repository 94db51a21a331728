import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  readonly timeoutMs?: number;
  /** Completes the sentence "Waited 30000 ms for …"; asked for when the time is over. */
  readonly expectation: () => string;
}

/** What a test gives anything that has no deadline of its own: many times what it takes on a busy machine. */
export const defaultTimeoutMs = 90_000;
const lookIntervalMs = 20;
/** However long it was since the last look, no more of it counts than this: the machine may have stood still. */
const longestStepMs = 100;

/**
 * For what tells nobody when it changes (files, processes): looks again and again until the result isn't undefined. The time is that in which
 * this machine ran: a stall is nobody's failure.
 */
export async function until<Result>(
  look: () => Promise<Result | undefined> | Result | undefined,
  { timeoutMs = defaultTimeoutMs, expectation }: UntilOptions,
): Promise<Result> {
  let leftMs = timeoutMs;
  for (let before = performance.now(); ;) {
    const result = await look();
    if (result !== undefined) return result;
    const now = performance.now();
    leftMs -= Math.min(now - before, longestStepMs);
    before = now;
    if (leftMs < 0) throw new Error(`Waited ${timeoutMs} ms for ${expectation()}`);
    await sleep(lookIntervalMs);
  }
}
