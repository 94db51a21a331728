import QRCode from 'qrcode';

import { describeError } from '../shared/errors.js';
import { classifyFailure } from './classify-failure.js';
import type { SessionContext } from './session-context.js';
import type { SessionRecords } from './session-records.js';
import type { AttachedClient } from './whatsapp/attached-client.js';
import type { BroughtUp } from './whatsapp/bring-up.js';
import type { PageState } from './whatsapp/page-state.js';
import { WorkerFailure } from './worker-failure.js';

/** WhatsApp hands out a code every 20 s (the first lives 60 s); nobody who wants to scan needs more than these. */
const qrLimit = 18;
const firstQrLifeMs = 60_000;
const qrLifeMs = 20_000;
/** How long a pairing code may stay unused before the link is given up: as long as WhatsApp takes it. */
const pairingCodeTimeoutMs = 180_000;
/** Larger than any life of a worker: the library would ask for another code every three minutes, and WhatsApp locks out. */
const neverAgainMs = 2 ** 31 - 1;

/** Links a new device: shows the QR (or the pairing code that was asked for) and waits for a person. */
export class DeviceLinker {
  readonly #context: SessionContext;
  readonly #records: SessionRecords;
  readonly #fail: (failure: WorkerFailure) => void;
  #waiting = false;
  #sequence = 0;
  /** In the page as it is now. */
  #askedForCode = false;
  #pairingTimer: NodeJS.Timeout | undefined;

  /** @param fail ends the session: nobody scanned, or WhatsApp refused the pairing code. */
  constructor(context: SessionContext, records: SessionRecords, fail: (failure: WorkerFailure) => void) {
    this.#context = context;
    this.#records = records;
    this.#fail = fail;
  }

  readonly waitsForPerson = (): boolean => this.#waiting;

  /** WhatsApp says that this page isn't linked: what a link starts from. A code that an earlier page gave is void. */
  onUnpaired(): undefined {
    this.#waiting = true;
    this.#askedForCode = false;
    clearTimeout(this.#pairingTimer);
  }

  /**
   * @throws WorkerFailure of class TERMINAL when nobody linked the device, and of the classes of a restore otherwise.
   */
  async run(client: AttachedClient, bringUp: () => Promise<BroughtUp>): Promise<BroughtUp> {
    const { assignment, output, timeline } = this.#context;
    void this.#records.update({
      state: 'linking',
      deviceLinked: false,
      isActive: false,
      restoreMode: 'relink',
      restoreStatus: 'none',
      workerPid: process.pid,
      browserPid: assignment.browser.pid,
      reason: 'The device is not linked',
      userAction:
        assignment.authMethod === 'qr'
          ? 'Scan the QR code with WhatsApp on the phone.'
          : 'Enter the pairing code on the phone.',
    });
    client.on('qr', (qr: string) => {
      if (assignment.authMethod === 'qr') void this.#showQr(qr);
      else if (!this.#askedForCode) {
        this.#askedForCode = true;
        void this.#showPairingCode(client);
      }
    });
    client.on('loading_screen', (percent) => output.log.info(`Link Progress: ${percent}%`));
    client.once('authenticated', () => this.#noteLinked());
    const broughtUp = await bringUp();
    void this.#records.noteListening({ waVersion: broughtUp.state.waVersion });
    void this.#records.note({ eventType: 'device_linked', duration: timeline.elapsedMs });
    output.banner('DEVICE LINKED - BOT READY TO SERVE!', [`Account: +${assignment.account}`]);
    return broughtUp;
  }

  /** Called with each look at the page: about once a second while a person is waited for. */
  onState(client: AttachedClient, state: PageState): void {
    if (!this.#waiting) return;
    // Linked is linked, however long the sync takes that follows, and whatever dies during it.
    if (state.identity !== null) this.#noteLinked();
    // WhatsApp stops handing out codes after six; as long as somebody may still come, it is asked for more.
    else if (state.socket === 'UNPAIRED_IDLE') void client.requestMoreQrCodes().catch(() => undefined);
  }

  #noteLinked(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    void this.#records.update({
      deviceLinked: true,
      linkedAt: new Date().toISOString(),
      reason: null,
      userAction: null,
    });
    this.#context.output.log.info('The device was linked; WhatsApp is syncing its chats.');
  }

  async #showQr(qr: string): Promise<void> {
    const { assignment, output, supervisor } = this.#context;
    this.#sequence += 1;
    if (this.#sequence > qrLimit) {
      this.#fail(
        new WorkerFailure('TERMINAL', `Nobody scanned the QR code (${qrLimit} codes were shown)`, {
          userAction: 'Start wasup again when somebody with the phone is there to scan.',
        }),
      );
      return;
    }
    void supervisor.send({
      type: 'qr',
      incarnation: assignment.incarnation,
      qr,
      sequence: this.#sequence,
      expiresInMs: this.#sequence === 1 ? firstQrLifeMs : qrLifeMs,
    });
    output.banner('SCAN QR CODE TO LINK DEVICE', [
      `Account: +${assignment.account}`,
      'On the phone: WhatsApp > Settings > Linked devices > Link a device',
      `Code ${this.#sequence} of ${qrLimit}; a new one comes when it expires.`,
    ]);
    // Colours make it readable on any terminal. In a log they would be noise, and most people read logs on a dark screen.
    const style = process.stdout.isTTY
      ? ({ type: 'terminal', small: true } as const)
      : ({ type: 'utf8', color: { dark: '#ffffff', light: '#000000' } } as const);
    output.print(await QRCode.toString(qr, { ...style, errorCorrectionLevel: 'L' }));
  }

  async #showPairingCode(client: AttachedClient): Promise<void> {
    const { assignment, output, supervisor } = this.#context;
    try {
      const code = await client.requestPairingCode(assignment.account, true, neverAgainMs);
      void supervisor.send({
        type: 'pairing-code',
        incarnation: assignment.incarnation,
        code,
        expiresInMs: pairingCodeTimeoutMs,
      });
      output.banner('ENTER PAIRING CODE TO LINK DEVICE', [
        `Account: +${assignment.account}`,
        'On the phone: WhatsApp > Settings > Linked devices > Link a device > Link with phone number instead',
        `Code:    ${code.slice(0, 4)}-${code.slice(4)}`,
      ]);
      this.#pairingTimer = setTimeout(() => {
        if (!this.#waiting) return;
        this.#fail(
          new WorkerFailure('TERMINAL', 'Nobody entered the pairing code', {
            userAction: 'Start wasup again when somebody with the phone is there to enter it.',
          }),
        );
      }, pairingCodeTimeoutMs).unref();
    } catch (error) {
      // The page has gone in the middle; the next one asks again.
      if (classifyFailure(error).class === 'TRANSIENT') return;
      this.#fail(
        new WorkerFailure('TERMINAL', `WhatsApp refused to give a pairing code (${describeError(error)})`, {
          userAction: 'Wait some hours before asking for another code, or link by QR (WASUP_AUTH_METHOD=qr).',
          cause: error,
        }),
      );
    }
  }
}
