import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  readonly timeoutMs?: number;
  /** Completes the sentence "Waited 30000 ms for …"; asked for when the time is over. */
  readonly expectation: () => string;
}

/** What a test gives anything that has no deadline of its own: many times what it takes on a busy machine. */
export const defaultTimeoutMs = 90_000;
const lookIntervalMs = 20;

/** For what tells nobody when it changes (files, processes): looks again and again until the result isn't undefined. */
export async function until<Result>(
  look: () => Promise<Result | undefined> | Result | undefined,
  { timeoutMs = defaultTimeoutMs, expectation }: UntilOptions,
): Promise<Result> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const result = await look();
    if (result !== undefined) return result;
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms for ${expectation()}`);
    await sleep(lookIntervalMs);
  }
}
