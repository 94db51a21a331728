import type { AttachedClient } from './attached-client.js';
import type { WhatsAppWindow } from './page-globals.js';
import { readPageState } from './page-state.js';

declare const window: WhatsAppWindow & { [heardInPage]?: (state: string) => Promise<void> };

interface ObservedSocket {
  readonly state: string;
  on(event: 'change:state', listener: (socket: unknown, state: string) => void): void;
  off(event: 'change:state', listener: (socket: unknown, state: string) => void): void;
}

const heardInPage = 'onWasupSocketState';
/** Larger than any life of a worker: the library would ask for another code every three minutes, and WhatsApp locks out. */
const neverAgainMs = 2 ** 31 - 1;
const unpaired = ['UNPAIRED', 'UNPAIRED_IDLE'];

/** An unlinked page: what is asked of it, and what it tells. */
export class LinkingPage {
  readonly #client: AttachedClient;
  readonly #heard: (state: string) => void;
  #exposed: Promise<void> | undefined;

  /** @param heard is told each new state of the page's socket, from {@link follow} on until it is connected. */
  constructor(client: AttachedClient, heard: (state: string) => void) {
    this.#client = client;
    this.#heard = heard;
  }

  /**
   * Listens to the socket of the document that is shown now. A scan that WhatsApp then refuses shows as a moment of
   * PAIRING, which looks at the page would miss.
   */
  async follow(): Promise<void> {
    const { page } = this.#client;
    this.#exposed ??= page.exposeFunction(heardInPage, this.#heard);
    await this.#exposed;
    await page.evaluate(() => {
      const Socket = window.require('WAWebSocketModel').Socket as unknown as ObservedSocket;
      const listener = (_socket: unknown, state: string): void => {
        if (state === 'CONNECTED') Socket.off('change:state', listener);
        void window.onWasupSocketState?.(state);
      };
      Socket.on('change:state', listener);
    });
  }

  /** Whether the page has no identity and waits for one. */
  async isUnpaired(): Promise<boolean> {
    const { socket, identity } = await readPageState(this.#client.page);
    return identity === null && socket !== null && unpaired.includes(socket);
  }

  /** @throws Error when the page is not unpaired (any more); what WhatsApp answers when it refuses. */
  async requestPairingCode(account: string): Promise<string> {
    // Somebody may have scanned since the last look.
    if (!(await this.isUnpaired())) throw new Error('the page is being linked already');
    return this.#client.requestPairingCode(account, true, neverAgainMs);
  }

  /** Asks WhatsApp for another series of QR codes; it stops by itself after six. */
  async requestMoreQrCodes(): Promise<void> {
    await this.#client.requestMoreQrCodes();
  }

  /** Gives a pairing code up, and asks for QR codes instead. */
  async returnToQr(): Promise<void> {
    await this.#client.cancelPairingCode();
  }
}
