import type { LinkMethod } from '../shared/link-answer.js';
import { askForPairingCode } from './linking/ask-for-pairing-code.js';
import { LinkDisplay } from './linking/link-display.js';
import * as sentences from './linking/link-sentences.js';
import { QrCodes } from './linking/qr-codes.js';
import type { SessionContext } from './session-context.js';
import type { SessionRecords } from './session-records.js';
import { unlinked, UnlinkedLooks } from './unlinked-looks.js';
import type { AttachedClient } from './whatsapp/attached-client.js';
import type { BroughtUp } from './whatsapp/bring-up.js';
import { LinkingPage } from './whatsapp/linking-page.js';
import type { PageState } from './whatsapp/page-state.js';
import { WorkerFailure } from './worker-failure.js';

/** How long a pairing code may stay unused before the link is given up: as long as WhatsApp takes it. */
const pairingCodeLifeMs = 180_000;
/** From the scan to the login; a phone on a slow network takes some seconds. */
const pairingTimeoutMs = 120_000;

export interface LinkerSurroundings {
  readonly now: () => Date;
  readonly openPage: (client: AttachedClient, heard: (state: string) => void) => LinkingPage;
}

export interface LinkerCallbacks {
  /** Ends the session: nobody came, or WhatsApp has restricted the account. */
  fail(failure: WorkerFailure): void;
  /** The phone has linked this device; the sync of its chats begins. */
  onLinked(): void;
}

/** Links a new device: shows QR codes (or the pairing code that a person asked for) and waits for a person. */
export class DeviceLinker {
  readonly #context: SessionContext;
  readonly #records: SessionRecords;
  readonly #fail: LinkerCallbacks['fail'];
  readonly #onLinked: LinkerCallbacks['onLinked'];
  readonly #surroundings: LinkerSurroundings;
  readonly #display: LinkDisplay;
  readonly #qrCodes: QrCodes;
  #page: LinkingPage | undefined;
  #stage: 'before' | 'waiting' | 'linked' | 'listened' | 'given-up' = 'before';
  readonly #looks = new UnlinkedLooks();
  /** What the person is to be shown. */
  #method: LinkMethod;
  #asking = false;
  #pairingCode: string | undefined;
  /** Ends the life of a pairing code, or a pairing that doesn't come to its end. */
  #timer: NodeJS.Timeout | undefined;
  /** The phone has taken the code; WhatsApp has not said yes or no. */
  #pairing = false;
  #refusals = 0;
  /** Counts the documents that were unpaired: what was asked of an earlier one is void. */
  #document = 0;

  constructor(
    context: SessionContext,
    records: SessionRecords,
    callbacks: LinkerCallbacks,
    surroundings: Partial<LinkerSurroundings> = {},
  ) {
    this.#context = context;
    this.#records = records;
    this.#fail = (failure) => callbacks.fail(failure);
    this.#onLinked = () => callbacks.onLinked();
    this.#surroundings = {
      now: () => new Date(),
      openPage: (client, heard) => new LinkingPage(client, heard),
      ...surroundings,
    };
    this.#method = context.assignment.authMethod;
    this.#display = new LinkDisplay(context.output, context.assignment.account);
    this.#qrCodes = new QrCodes({
      incarnation: context.assignment.incarnation,
      display: this.#display,
      page: () => this.#page,
      send: (message) => void context.supervisor.send(message),
      onSpent: (codes) => {
        this.#giveUp('TERMINAL', `Nobody scanned the QR code (${codes} codes were shown)`, this.#askAgain);
      },
    });
  }

  readonly waitsForPerson = (): boolean => this.#stage === 'waiting';

  /**
   * WhatsApp says that this page isn't linked: what a link starts from. Codes that an earlier page gave are void.
   *
   * @returns the end of a session that has listened: its login is for the supervisor to judge, and to set aside.
   */
  onUnpaired(): WorkerFailure | undefined {
    if (this.#stage === 'given-up') return undefined;
    if (this.#stage === 'listened') return unlinked();
    this.#stage = 'waiting';
    this.#document += 1;
    this.#qrCodes.noteNewPage();
    if (this.#pairing) this.#noteRefused({ inNewPage: true });
    else if (this.#pairingCode !== undefined) this.#noteVoidCode();
    // Without it a scan that WhatsApp refuses looks like no scan at all; the link itself works.
    void this.#page?.follow().catch(() => undefined);
    return undefined;
  }

  /**
   * @throws WorkerFailure of class TERMINAL when nobody linked the device, and of the classes of a restore otherwise.
   */
  async run(client: AttachedClient, bringUp: () => Promise<BroughtUp>): Promise<BroughtUp> {
    const { assignment, output, supervisor, timeline } = this.#context;
    this.#page = this.#surroundings.openPage(client, (state) => this.#hearSocket(state));
    void this.#records.update({
      state: 'linking',
      deviceLinked: false,
      isActive: false,
      restoreMode: 'relink',
      restoreStatus: 'none',
      workerPid: process.pid,
      browserPid: assignment.browser.pid,
      reason: sentences.notLinked,
      userAction: this.#method === 'qr' ? sentences.scanTheCode : sentences.enterTheCode,
    });
    supervisor.on('refresh-link', ({ method }) => this.#refresh(method));
    client.on('qr', (qr: string) => this.#onQr(qr));
    client.on('loading_screen', (percent) => output.log.info(`Link Progress: ${percent}%`));
    client.once('authenticated', () => this.#noteLinked());
    const broughtUp = await bringUp();
    this.#stage = 'listened';
    void this.#records.noteListening({ waVersion: broughtUp.state.waVersion });
    void this.#records.note({ eventType: 'device_linked', duration: timeline.elapsedMs });
    output.banner('DEVICE LINKED - BOT READY TO SERVE!', [`Account: +${assignment.account}`]);
    return broughtUp;
  }

  /**
   * Called with each look at a page that comes up: about once a second while a person is waited for.
   *
   * @throws WorkerFailure of class AUTH when WhatsApp has unlinked a device that had listened.
   */
  onState(state: PageState): void {
    if (this.#stage === 'listened') this.#looks.take(state);
    if (this.#stage !== 'waiting') return;
    const { identity, socket } = state;
    // Linked is linked, however long the sync takes that follows, and whatever dies during it.
    if (identity !== null) this.#noteLinked();
    else if (socket === 'UNPAIRED_IDLE') this.#onIdle();
  }

  #hearSocket(state: string): void {
    if (this.#stage !== 'waiting') return;
    if (state === 'PAIRING') this.#notePairing();
    if (!state.startsWith('UNPAIRED')) return;
    if (this.#pairing) this.#noteRefused();
    if (state === 'UNPAIRED_IDLE') this.#onIdle();
  }

  #notePairing(): void {
    this.#pairing = true;
    clearTimeout(this.#timer);
    const reason = `The phone took the code, but the device was not linked within ${pairingTimeoutMs} ms`;
    this.#timer = setTimeout(() => this.#giveUp('TRANSIENT', reason, null), pairingTimeoutMs).unref();
  }

  /** WhatsApp wanted something after the scan that we can't give. The person is there: the codes count anew. */
  #noteRefused({ inNewPage = false } = {}): void {
    this.#pairing = false;
    this.#refusals += 1;
    const by = this.#pairingCode === undefined ? 'qr' : 'code';
    const { reason, userAction } = sentences.describeLinkRefusal(by, this.#refusals);
    this.#context.output.log.error(`${reason}. ${userAction}`);
    void this.#records.update({ reason, userAction });
    void this.#records.note({ eventType: 'link_refused', attempt: this.#refusals, status: by, reason });
    this.#qrCodes.startAnew();
    this.#dropPairingCode();
    if (by === 'code' && !inNewPage) this.#qrCodes.returnFromPairingCode();
  }

  #noteLinked(): void {
    if (this.#stage !== 'waiting') return;
    this.#stage = 'linked';
    this.#pairing = false;
    clearTimeout(this.#timer);
    this.#onLinked();
    void this.#records.update({
      deviceLinked: true,
      linkedAt: this.#surroundings.now().toISOString(),
      reason: null,
      userAction: null,
    });
    this.#context.output.log.info('The device was linked; WhatsApp is syncing its chats.');
  }

  #onQr(text: string): void {
    if (this.#stage !== 'waiting') return;
    this.#qrCodes.take(text);
    if (this.#method === 'qr') this.#qrCodes.show();
    else if (this.#pairingCode === undefined) void this.#askForPairingCode();
  }

  #onIdle(): void {
    // Asking for QR codes would end a pairing code's life, and its own end is near.
    this.#qrCodes.noteIdle({ mayAsk: this.#method === 'qr' });
  }

  /** A person is there. */
  #refresh(method: LinkMethod): void {
    const { log } = this.#context.output;
    if (['linked', 'listened', 'given-up'].includes(this.#stage)) {
      log.info('Somebody asked for a code to link the device, which is not waiting for one any more. Ignored.');
      return;
    }
    this.#qrCodes.startAnew();
    if (this.#stage === 'before' || this.#asking) this.#method = method;
    else if (method === 'qr') {
      const wasCode = this.#pairingCode !== undefined;
      this.#method = 'qr';
      this.#dropPairingCode();
      void this.#records.update({ reason: sentences.notLinked, userAction: sentences.scanTheCode });
      this.#showQrAgain(wasCode);
    } else if (this.#pairingCode !== undefined) {
      log.info('The pairing code that was asked for before is still valid.');
      this.#display.showPairingCode(this.#pairingCode);
    } else {
      this.#method = 'code';
      void this.#askForPairingCode();
    }
  }

  async #askForPairingCode(): Promise<void> {
    if (this.#asking || this.#page === undefined) return;
    this.#asking = true;
    const document = this.#document;
    const answer = await askForPairingCode({
      page: this.#page,
      account: this.#context.assignment.account,
      limitsPath: this.#context.paths.linkingLimits,
      now: this.#surroundings.now,
    });
    this.#asking = false;
    if (this.#stage !== 'waiting') return;
    if (document !== this.#document) {
      this.#noteVoidCode();
      // The new page's code came meanwhile, or is still to come.
      this.#qrCodes.show();
    } else if (answer.type === 'code') this.#showPairingCode(answer.code);
    else if (answer.type === 'refused') this.#showQrBecause(answer.reason, answer.asked);
  }

  #showPairingCode(code: string): void {
    this.#method = 'code';
    this.#pairingCode = code;
    const { assignment, supervisor } = this.#context;
    const message = { type: 'pairing-code', code, expiresInMs: pairingCodeLifeMs } as const;
    void supervisor.send({ ...message, incarnation: assignment.incarnation });
    void this.#records.update({ reason: sentences.notLinked, userAction: sentences.enterTheCode });
    this.#display.showPairingCode(code);
    // The phone has taken a code already; that has an end of its own.
    if (this.#pairing) return;
    this.#timer = setTimeout(
      () => this.#giveUp('TERMINAL', 'Nobody entered the pairing code', this.#askAgain),
      pairingCodeLifeMs,
    ).unref();
  }

  /** Another one would be asked for too soon. */
  #noteVoidCode(): void {
    const reason = 'WhatsApp Web has reloaded its page, and the pairing code is void';
    this.#context.output.log.warn(`${reason}. The QR code is shown instead.`);
    void this.#records.update({ reason, userAction: sentences.scanTheCode });
    this.#method = 'qr';
    this.#dropPairingCode();
  }

  #showQrBecause(reason: string, afterRequest: boolean): void {
    this.#context.output.log.warn(`${reason}. The QR code is shown instead.`);
    void this.#records.update({ reason, userAction: sentences.scanTheCode });
    this.#method = 'qr';
    this.#showQrAgain(afterRequest);
  }

  /** A page that was asked for a pairing code has left its QR codes; another still has the one of the moment. */
  #showQrAgain(afterPairingCode: boolean): void {
    if (afterPairingCode) this.#qrCodes.returnFromPairingCode();
    else this.#qrCodes.showOrAsk();
  }

  #dropPairingCode(): void {
    if (this.#pairingCode !== undefined) this.#method = 'qr';
    this.#pairingCode = undefined;
    clearTimeout(this.#timer);
  }

  #giveUp(failureClass: 'TERMINAL' | 'TRANSIENT', reason: string, userAction: string | null): void {
    // Whoever is linked waits for nobody any more.
    if (this.#stage !== 'waiting') return;
    this.#stage = 'given-up';
    clearTimeout(this.#timer);
    this.#fail(new WorkerFailure(failureClass, reason, userAction === null ? {} : { userAction }));
  }

  get #askAgain(): string {
    return sentences.askAgain(this.#context.assignment.account);
  }
}
