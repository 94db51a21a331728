import type { Alert } from '../shared/alerts.js';
import type { WorkerMessage } from '../shared/protocol/messages.js';
import type { Machine } from './machine-types.js';
import { unusedDeviceAlert } from './unused-device.js';

export interface AccountWatchesOptions {
  raise(alert: Alert): void;
  /** Whether the account's file says that it is active. */
  isActive(): Promise<boolean>;
}

/** A browser starts and a page loads well within this. */
const fallbackTimeoutMs = 60_000;
/** The file follows within a moment. */
const activeTimeoutMs = 5_000;
const unusedIntervalMs = 3_600_000;

/** Looks from outside whether what was announced also happens. */
export class AccountWatches {
  readonly #options: AccountWatchesOptions;
  #fallback: NodeJS.Timeout | undefined;
  #active: NodeJS.Timeout | undefined;
  #unused: NodeJS.Timeout | undefined;
  #lastConnected: string | null = null;
  #isUp = false;
  #warnedDays = 0;

  constructor(options: AccountWatchesOptions) {
    this.#options = options;
  }

  /** @param lastConnected ISO 8601, of the last life; null when there was none. */
  begin(lastConnected: string | null): void {
    this.#lastConnected = lastConnected;
    this.#checkUnused();
    this.#unused = setInterval(() => this.#checkUnused(), unusedIntervalMs).unref();
  }

  onState(before: Machine, after: Machine): void {
    if (before.mode === 'restore' && after.mode === 'link') this.#expectFallback();
    if (!['starting', 'backoff', 'linking'].includes(after.state)) clearTimeout(this.#fallback);
    const isUp = after.state === 'listening';
    if (isUp && !this.#isUp) this.#expectActive();
    if (!isUp && this.#isUp) {
      clearTimeout(this.#active);
      this.#lastConnected = new Date().toISOString();
    }
    this.#isUp = isUp;
  }

  onMessage({ type }: WorkerMessage): void {
    if (type === 'qr' || type === 'pairing-code') clearTimeout(this.#fallback);
  }

  close(): void {
    clearTimeout(this.#fallback);
    clearTimeout(this.#active);
    clearInterval(this.#unused);
  }

  #expectFallback(): void {
    clearTimeout(this.#fallback);
    this.#fallback = setTimeout(() => {
      this.#options.raise({
        kind: 'fallback-not-started',
        sentence: `A new link was to be asked for, and no code has appeared within ${fallbackTimeoutMs / 1_000} s.`,
        action: 'Look at the lines above for what keeps browser or page from starting. wasup goes on trying.',
      });
    }, fallbackTimeoutMs).unref();
  }

  #expectActive(): void {
    clearTimeout(this.#active);
    this.#active = setTimeout(() => void this.#checkActive(), activeTimeoutMs).unref();
  }

  async #checkActive(): Promise<void> {
    const isActive = await this.#options.isActive().catch(() => false);
    if (isActive || !this.#isUp) return;
    this.#options.raise({
      kind: 'inactive-after-restore',
      sentence: 'The session listens, and device-status.json does not say so.',
      action: 'Look whether the file can be written, and whether another program writes it.',
    });
  }

  #checkUnused(): void {
    if (this.#isUp) {
      this.#warnedDays = 0;
      return;
    }
    const alert = unusedDeviceAlert(this.#lastConnected, new Date());
    if (alert === undefined || alert.days <= this.#warnedDays) return;
    this.#warnedDays = alert.days;
    this.#options.raise(alert);
  }
}
