import type { Alert } from '../shared/alerts.js';

/** Who keeps an account's files: both look at the same ones. */
export type Teller = 'worker' | 'supervisor';

/** Milliseconds. Whoever finds a damaged file mends it at once: both tell of it only if they looked in the same moment. */
export const echoMs = 500;

/**
 * Knows an alert about a file that one process tells after the other has told of the same. Not by its sentence: a damaged
 * file that one has set aside is a missing one for the other.
 */
export class AlertEchoes {
  readonly #told = new Map<string, { readonly teller: Teller; readonly atMs: number }>();

  /** @param nowMs of a monotonic clock. */
  isEcho({ kind, sentence }: Alert, teller: Teller, nowMs: number): boolean {
    if (kind !== 'records-repaired' && kind !== 'records-unwritable') return false;
    for (const [key, { atMs }] of this.#told) if (nowMs - atMs > echoMs) this.#told.delete(key);
    const matter = `${kind} ${/[\w-]+\.json/.exec(sentence)?.[0] ?? sentence}`;
    const earlier = this.#told.get(matter);
    if (earlier !== undefined && earlier.teller !== teller) {
      // The next one is about something that has happened since.
      this.#told.delete(matter);
      return true;
    }
    this.#told.set(matter, { teller, atMs: nowMs });
    return false;
  }
}
