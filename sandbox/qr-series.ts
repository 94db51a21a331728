import { randomBytes } from 'node:crypto';
import type { ResolvedSandboxOptions } from './options.js';

/** The refs of one series of QR codes: a long first one, some shorter ones, then none until a new series is asked for. */
export class QrSeries {
  #timer: NodeJS.Timeout | undefined;
  #served = 0;
  #isSeen = false;
  ref: string | undefined;

  constructor(
    private readonly durations: ResolvedSandboxOptions['qr'],
    private readonly show: (ref: string | undefined) => void,
  ) {}

  start(): void {
    this.#served = 0;
    this.#next();
  }

  /** Somebody could see it. From now on the time of a code goes by: a library that was still on its way has missed none. */
  seen(): void {
    if (this.#isSeen) return;
    this.#isSeen = true;
    if (this.ref !== undefined) this.#letPass();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.ref = undefined;
  }

  #next(): void {
    clearTimeout(this.#timer);
    if (this.#served === this.durations.refs) {
      this.ref = undefined;
    } else {
      this.ref = `2@${randomBytes(32).toString('base64')}`;
      this.#served += 1;
      if (this.#isSeen) this.#letPass();
    }
    this.show(this.ref);
  }

  #letPass(): void {
    const durationMs = this.#served === 1 ? this.durations.firstRefMs : this.durations.laterRefMs;
    this.#timer = setTimeout(() => this.#next(), durationMs);
  }
}
