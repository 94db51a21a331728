import { WorkerFailure } from '../worker-failure.js';
import type { BringUpOptions } from './bring-up.js';
import type { phaseAfter } from './page-progress.js';
import type { PageState } from './page-state.js';

type Options = Pick<
  BringUpOptions,
  'client' | 'authTimeoutMs' | 'syncTimeoutMs' | 'waitsForPerson' | 'connectsWithoutDeadline'
>;

/** Help comes sooner (set-up-help.ts), unless the injection itself hangs. */
const setUpTimeoutMs = 30_000;

/** Judges progress, not time: what moves on may take as long as it needs. */
export class Standstill {
  readonly #options: Options;
  #percent = 0;
  #latest = '';
  #since = performance.now();

  constructor(options: Options) {
    this.#options = options;
    options.client.on('loading_screen', this.#onLoading);
  }

  readonly #onLoading = (percent: string | number): void => {
    this.#percent = Number(percent);
  };

  close(): void {
    this.#options.client.off('loading_screen', this.#onLoading);
  }

  /** @throws WorkerFailure when the page has stood still for longer than it may. */
  refuse(state: PageState, milestone: keyof typeof phaseAfter): void {
    const { authTimeoutMs, syncTimeoutMs } = this.#options;
    const now = performance.now();
    const current = JSON.stringify([state, this.#percent, this.#options.waitsForPerson()]);
    if (current !== this.#latest) {
      this.#latest = current;
      this.#since = now;
    }
    if (this.#options.waitsForPerson()) return;
    const forMs = now - this.#since;
    if (milestone === 'page' && forMs > authTimeoutMs) {
      throw new WorkerFailure('NETWORK', `WhatsApp Web did not start in the page within ${authTimeoutMs} ms`);
    }
    if (milestone === 'debug' && forMs > authTimeoutMs && this.#options.connectsWithoutDeadline?.() !== true) {
      throw new WorkerFailure('NETWORK', `WhatsApp did not let the page connect within ${authTimeoutMs} ms`);
    }
    if (milestone === 'socket' && forMs > authTimeoutMs) {
      throw new WorkerFailure('TRANSIENT', `WhatsApp did not authenticate the device within ${authTimeoutMs} ms`);
    }
    if (milestone === 'authenticated' && forMs > syncTimeoutMs) {
      throw new WorkerFailure('TRANSIENT', `The sync stood still for ${syncTimeoutMs} ms`);
    }
    if ((milestone === 'synced' || milestone === 'injected') && forMs > setUpTimeoutMs) {
      const reason = `whatsapp-web.js did not set itself up in the page within ${setUpTimeoutMs} ms`;
      throw new WorkerFailure('TRANSIENT', reason, { reloadMayHelp: true });
    }
  }
}
