import QRCode from 'qrcode';

import type { Output } from '../../shared/logger.js';
import { maxCodes } from './qr-series.js';

const path = 'On the phone: WhatsApp > Settings > Linked devices > Link a device';

/** Shows a person what to scan or to enter, in the terminal. */
export class LinkDisplay {
  readonly #output: Output;
  readonly #account: string;
  #saidThatNothingIsDrawn = false;

  constructor(output: Output, account: string) {
    this.#output = output;
    this.#account = account;
  }

  async showQr(qr: string, number: number): Promise<void> {
    this.#output.banner('SCAN QR CODE TO LINK DEVICE', [
      `Account: +${this.#account}`,
      path,
      `Code ${number} of ${maxCodes}; a new one comes when it expires.`,
    ]);
    if (this.#output.format === 'json') {
      this.#sayThatNothingIsDrawn();
      return;
    }
    // Colours make it readable on any terminal. In a log they would be noise, and most people read logs on a dark screen.
    const style = this.#output.isColoured
      ? ({ type: 'terminal', small: true } as const)
      : ({ type: 'utf8', color: { dark: '#ffffff', light: '#000000' } } as const);
    this.#output.print(await QRCode.toString(qr, { ...style, errorCorrectionLevel: 'L' }));
  }

  showPairingCode(code: string): void {
    this.#output.banner('ENTER PAIRING CODE TO LINK DEVICE', [
      `Account: +${this.#account}`,
      `${path} > Link with phone number instead`,
      `Code:    ${code.slice(0, 4)}-${code.slice(4)}`,
    ]);
  }

  #sayThatNothingIsDrawn(): void {
    if (this.#saidThatNothingIsDrawn) return;
    this.#saidThatNothingIsDrawn = true;
    this.#output.log.warn(
      `The QR code is not drawn in the json log format. Run \`npx wasup link ${this.#account} --code\` for a pairing code, ` +
        'or link once in a terminal with WASUP_LOG_FORMAT=pretty.',
    );
  }
}
