/** WhatsApp hands out six codes in a row, the first for a minute, and then none until it is asked for more. */
const firstCodeLifeMs = 60_000;
const laterCodeLifeMs = 20_000;
/** Nobody who wants to scan needs more, and an account must not ask WhatsApp for codes night after night. */
const maxSeries = 3;
export const maxCodes = 18;

export interface NumberedCode {
  /** Counted from 1, from when a person was last known to be there. */
  readonly number: number;
  /** How long WhatsApp takes it. */
  readonly lifeMs: number;
}

/** Counts the QR codes that are shown while nobody scans. Pure but for its counters. */
export class QrSeries {
  #series = 0;
  #codes = 0;
  #first = true;

  get codes(): number {
    return this.#codes;
  }

  /** WhatsApp starts another series: in a page that was just opened, or because it was asked to. */
  begin(): void {
    this.#series += 1;
    this.#first = true;
  }

  /** Whether WhatsApp may be asked for another series. */
  get mayBegin(): boolean {
    return this.#series < maxSeries && this.#codes < maxCodes;
  }

  /** The next code has come; undefined when it is one too many. */
  next(): NumberedCode | undefined {
    if (this.#series > maxSeries || this.#codes >= maxCodes) return undefined;
    const lifeMs = this.#first ? firstCodeLifeMs : laterCodeLifeMs;
    this.#first = false;
    this.#codes += 1;
    return { number: this.#codes, lifeMs };
  }

  /** A person is there: what was shown before doesn't count. @param running whether a series is under way. */
  startAnew(running: boolean): void {
    this.#series = running ? 1 : 0;
    this.#codes = 0;
  }
}
