import { randomBytes } from 'node:crypto';
import type { ResolvedSandboxOptions } from './options.js';

/** The refs of one series of QR codes: a long first one, some shorter ones, then none until a new series is asked for. */
export class QrSeries {
  #timer: NodeJS.Timeout | undefined;
  #served = 0;
  ref: string | undefined;

  constructor(
    private readonly durations: ResolvedSandboxOptions['qr'],
    private readonly show: (ref: string | undefined) => void,
  ) {}

  start(): void {
    this.#served = 0;
    this.#next();
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
      const durationMs = this.#served === 0 ? this.durations.firstRefMs : this.durations.laterRefMs;
      this.#timer = setTimeout(() => this.#next(), durationMs);
      this.#served += 1;
    }
    this.show(this.ref);
  }
}
