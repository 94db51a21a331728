import type { StatusVerdict } from './judge-status.js';

export interface PatienceOptions {
  /** How long something wrong is left to a worker, which looks at its file, too, and knows better. */
  readonly writerGraceMs: number;
  /** The same where there is none: our own write may be on its way. */
  readonly graceMs: number;
}

export interface Circumstances {
  /** Whether a worker has the account: then it is the first to write. */
  readonly hasWriter: boolean;
  /** What the account was like at this look. When that changes, a new grace begins. */
  readonly situation: string;
  /** Whether this is the regular look, and not one that was asked for by a change. */
  readonly isRegular: boolean;
  /** Of a monotonic clock. */
  readonly nowMs: number;
}

/** `look-again`: it may be true in a moment. `give-up`: told once; somebody writes against us. */
export type PatienceAnswer = 'leave' | 'look-again' | 'repair' | 'give-up';

/** Whoever writes against us does so more often than this; a person who tries things out does not. */
const maxRepairs = 5;
const repairWindowMs = 600_000;

/** Decides when a wrong status file is mended: not before whoever else may write it had the time, and not for ever. Pure but for its memory. */
export class StatusPatience {
  readonly #options: PatienceOptions;
  #wrong: { readonly sinceMs: number; readonly situation: string } | undefined;
  #repairs: number[] = [];
  #gaveUp = false;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  answer(verdict: StatusVerdict, { hasWriter, situation, isRegular, nowMs }: Circumstances): PatienceAnswer {
    if (verdict.kind === 'true') {
      this.#wrong = undefined;
      return 'leave';
    }
    if (this.#wrong?.situation !== situation) this.#wrong = { sinceMs: nowMs, situation };
    const { writerGraceMs, graceMs } = this.#options;
    if (nowMs - this.#wrong.sinceMs < (hasWriter ? writerGraceMs : graceMs)) return 'look-again';
    this.#repairs = this.#repairs.filter((atMs) => nowMs - atMs < repairWindowMs);
    if (this.#repairs.length < maxRepairs) {
      this.#repairs.push(nowMs);
      this.#wrong = undefined;
      this.#gaveUp = false;
      return 'repair';
    }
    // Without a file a next start would know nothing: that goes on, as often as without a watcher.
    if (verdict.kind === 'missing' || verdict.kind === 'damaged') return isRegular ? 'repair' : 'leave';
    if (this.#gaveUp) return 'leave';
    this.#gaveUp = true;
    return 'give-up';
  }
}
