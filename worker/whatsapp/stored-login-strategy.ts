import type { SessionMode } from '../../shared/protocol/messages.js';
import type { AuthStrategy } from './library.js';

/**
 * Keeps the library's hands off the login. The profile belongs to the supervisor: nothing here opens, moves or
 * deletes it, `logout()` least of all (the library's own strategies delete the profile under a living browser).
 *
 * It is also the switch between the two operations: asked what to do about an unlinked page, it ends a restore, and
 * lets a link go on to the QR. A restore can therefore never show one.
 */
export class StoredLoginStrategy implements AuthStrategy {
  readonly #mode: SessionMode;
  readonly #onUnpaired: () => void;

  constructor(mode: SessionMode, onUnpaired: () => void) {
    this.#mode = mode;
    this.#onUnpaired = onUnpaired;
  }

  setup(): void {
    // The library hands its client over here; nothing of it is needed.
  }

  onAuthenticationNeeded(): ReturnType<AuthStrategy['onAuthenticationNeeded']> {
    this.#onUnpaired();
    const failed = this.#mode === 'restore';
    return Promise.resolve({
      failed,
      restart: false,
      failureEventPayload: failed ? 'WhatsApp says that this device is not linked' : undefined,
    });
  }

  getAuthEventPayload(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  readonly beforeBrowserInitialized = nothing;
  readonly afterBrowserInitialized = nothing;
  readonly afterAuthReady = nothing;
  readonly disconnect = nothing;
  readonly destroy = nothing;
  readonly logout = nothing;
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
