import type { Configuration } from '../shared/configuration/compile-configuration.js';
import type { Machine } from './machine-types.js';

/** Waits for a worker's next sign of life. Silence before the first one is another deadline's business. */
export class HeartbeatWatch {
  readonly #onMissed: (afterMs: number) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param onMissed called once for each silence, with its length in ms. */
  constructor(onMissed: (afterMs: number) => void) {
    this.#onMissed = onMissed;
  }

  /** Now there was one; the next has to come within so many ms. */
  expectWithin(timeoutMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onMissed(timeoutMs), timeoutMs);
  }

  disarm(): void {
    clearTimeout(this.#timer);
  }
}

/**
 * How long the next sign of life may take, in ms; undefined while none is expected. Pure. The worker's event loop turns
 * from its assignment on, whatever the page does. Until it listens it is given the time of a worker's start, in which the
 * bot sets itself up: nobody is answered more slowly for it.
 */
export function heartbeatTimeoutMs(
  { worker, state }: Machine,
  configuration: Pick<Configuration, 'heartbeatTimeoutMs' | 'workerStartTimeoutMs'>,
): number | undefined {
  if (worker !== 'assigned') return undefined;
  const listens = state === 'listening' || state === 'degraded';
  if (listens) return configuration.heartbeatTimeoutMs;
  return Math.max(configuration.heartbeatTimeoutMs, configuration.workerStartTimeoutMs);
}
