import type { WorkerMessage } from '../../shared/protocol/messages.js';
import type { LinkingPage } from '../whatsapp/linking-page.js';
import type { LinkDisplay } from './link-display.js';
import { QrSeries } from './qr-series.js';

/** A page that was asked for more QR codes shows one at once, or was too busy to hear it. */
const askAgainAfterMs = 15_000;

export interface QrCodesOptions {
  readonly incarnation: number;
  readonly display: LinkDisplay;
  readonly page: () => Pick<LinkingPage, 'requestMoreQrCodes' | 'returnToQr'> | undefined;
  send(message: WorkerMessage): void;
  /** Called when as many codes were shown as may be without anybody coming. */
  onSpent(codes: number): void;
}

/** The QR codes of a page: what WhatsApp takes now, what was shown of it, and when more are asked for. */
export class QrCodes {
  readonly #options: QrCodesOptions;
  readonly #series = new QrSeries();
  #sequence = 0;
  /** The code that WhatsApp takes now, whether it is shown or not. */
  #current: { readonly text: string; takenUntil: number | undefined } | undefined;
  /** Since when WhatsApp hands out no more; undefined while it does. */
  #askedAt: number | undefined;

  constructor(options: QrCodesOptions) {
    this.#options = options;
  }

  /** Another document hands out codes of its own. */
  noteNewPage(): void {
    this.#current = undefined;
    this.#askedAt = undefined;
    this.#series.begin();
  }

  /** WhatsApp has handed out a code. */
  take(text: string): void {
    this.#current = { text, takenUntil: undefined };
    this.#askedAt = undefined;
  }

  /** Shows the code that WhatsApp takes now, if there is one. */
  show(): void {
    if (this.#current === undefined) return;
    const next = this.#series.next();
    if (next === undefined) {
      this.#options.onSpent(this.#series.codes);
      return;
    }
    const { incarnation, display } = this.#options;
    const now = performance.now();
    this.#current.takenUntil ??= now + next.lifeMs;
    this.#sequence += 1;
    this.#options.send({
      type: 'qr',
      incarnation,
      qr: this.#current.text,
      sequence: this.#sequence,
      expiresInMs: Math.max(0, Math.round(this.#current.takenUntil - now)),
    });
    void display.showQr(this.#current.text, next.number);
  }

  /** WhatsApp hands out no more codes by itself; called again and again while that is so. */
  noteIdle({ mayAsk }: { mayAsk: boolean }): void {
    if (this.#current !== undefined) {
      this.#current = undefined;
      this.#options.send({ type: 'qr-expired', incarnation: this.#options.incarnation });
    }
    if (!mayAsk) return;
    const now = performance.now();
    if (this.#askedAt !== undefined && now - this.#askedAt < askAgainAfterMs) return;
    if (!this.#series.mayBegin) {
      this.#options.onSpent(this.#series.codes);
      return;
    }
    this.#askedAt = now;
    this.#series.begin();
    void this.#options
      .page()
      ?.requestMoreQrCodes()
      .catch(() => undefined);
  }

  /** A person is there: what was shown before doesn't count. */
  startAnew(): void {
    this.#series.startAnew(this.#askedAt === undefined);
  }

  /** Shows the code of the moment; without one, asks for more. */
  showOrAsk(): void {
    if (this.#current === undefined) this.noteIdle({ mayAsk: true });
    else this.show();
  }

  /** For a page that has left its QR codes for a pairing code. */
  returnFromPairingCode(): void {
    this.#current = undefined;
    this.#series.startAnew(true);
    void this.#options
      .page()
      ?.returnToQr()
      .catch(() => undefined);
  }
}
