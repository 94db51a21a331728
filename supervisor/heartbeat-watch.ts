import type { Configuration } from '../shared/configuration/compile-configuration.js';
import { type Alarm, type FairClock, fairClock } from './fair-clock.js';
import type { Machine } from './machine-types.js';

/**
 * Waits for a worker's next sign of life, fairly: see {@link FairClock}. Silence before the first one is another deadline's
 * business.
 */
export class HeartbeatWatch {
  readonly #onMissed: (afterMs: number) => void;
  readonly #clock: FairClock;
  #alarm: Alarm | undefined;

  /** @param onMissed called once for each silence, with its length in ms. */
  constructor(onMissed: (afterMs: number) => void, clock = fairClock) {
    this.#onMissed = onMissed;
    this.#clock = clock;
  }

  /** Now there was one; the next has to come within so many ms. */
  expectWithin(timeoutMs: number): void {
    this.disarm();
    this.#alarm = this.#clock.after(timeoutMs, () => this.#onMissed(timeoutMs));
  }

  disarm(): void {
    this.#alarm?.cancel();
  }
}

/**
 * How long the next sign of life may take, in ms; undefined while none is expected. Pure. The worker's event loop turns
 * from its assignment on, whatever the page does. Until it listens it is given the time of a worker's start, in which the
 * bot sets itself up: nobody is answered more slowly for it.
 */
export function heartbeatTimeoutMs(
  { worker, state, phase }: Machine,
  configuration: Pick<Configuration, 'heartbeatTimeoutMs' | 'workerStartTimeoutMs'>,
): number | undefined {
  if (worker !== 'assigned') return undefined;
  const listens = state === 'listening' || state === 'degraded' || phase === 'listening';
  if (listens) return configuration.heartbeatTimeoutMs;
  return Math.max(configuration.heartbeatTimeoutMs, configuration.workerStartTimeoutMs);
}
