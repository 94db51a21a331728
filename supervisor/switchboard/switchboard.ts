import type { Duplex, Readable, Writable } from 'node:stream';
import { BrowserFrames } from './browser-frames.js';
import { cleanUpAfterClient } from './clean-up.js';
import { ClientLine } from './client-line.js';
import { assertIdBase, firstOwnId, idsPerClient, nextIdBlock } from './command-ids.js';
import { defaultLimits, type SwitchboardLimits } from './limits.js';
import { OwnCommands } from './own-commands.js';
import { QueueRoom } from './queue-room.js';

export interface SwitchboardOptions {
  /** The browser's debugging pipe: the end that it reads. */
  readonly toBrowser: Writable;
  /** The browser's debugging pipe: the end that it writes. */
  readonly fromBrowser: Readable;
  /** The pipe has ended or failed: nothing works any more, the client's line is closed. Called once. */
  readonly onClosed: (reason: string) => void;
  /** The client was thrown out, because it doesn't read or sends a frame that would harm the browser. Its line is closed. */
  readonly onClientCut?: (reason: string) => void;
  readonly limits?: Partial<SwitchboardLimits>;
  /** For what waits for clients, beyond a little for each. Default: one for all switchboards of this process. */
  readonly room?: QueueRoom;
}

const roomForAll = new QueueRoom(defaultLimits.maxQueuedBytes);

const frameEnd = Buffer.from([0]);

/**
 * Relays DevTools frames between the browser's debugging pipe and the private line of the one worker that holds the account,
 * and keeps successive workers apart: sessions, bindings, interceptions and late answers of one never reach the next.
 */
export class Switchboard {
  readonly #options: SwitchboardOptions;
  readonly #limits: SwitchboardLimits;
  readonly #commands: OwnCommands;
  readonly #frames: BrowserFrames;
  readonly #room: QueueRoom;
  /** The client's root-level sessions. Those below them end with them. */
  readonly #sessions = new Set<string>();
  #client: ClientLine | undefined;
  #clientIdBase = 0;
  #givenIdBase = 0;
  /** A client was live since the last cleaning up. */
  #dirty = false;
  #readingBrowser = true;
  /** The browser has the beginning of a frame of the client's, and nothing else may be said to it before the end. */
  #isFrameOpen = false;
  /** Own commands that wait for that. */
  readonly #waiting: string[] = [];
  #closedBecause: string | undefined;
  /** Connecting and cleaning up happen one after another. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: SwitchboardOptions) {
    const { toBrowser, fromBrowser } = options;
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#room =
      options.room ??
      (options.limits?.maxQueuedBytes === undefined ? roomForAll : new QueueRoom(this.#limits.maxQueuedBytes));
    this.#commands = new OwnCommands(
      (frame) => {
        this.#waiting.push(frame);
        this.#writeWaiting();
      },
      () => this.#isFrameOpen || !this.#readingBrowser,
    );
    this.#frames = new BrowserFrames({
      ownerOf: (id) => this.#ownerOf(id),
      client: () => this.#client,
      onOwnAnswer: (content) => this.#commands.take(content),
      onSession: (sessionId, attached) => void this.#sessions[attached ? 'add' : 'delete'](sessionId),
    });
    fromBrowser.on('data', (chunk: Buffer) => this.#relay(chunk));
    fromBrowser.once('end', () => this.close('Chromium has closed its debugging pipe.'));
    for (const stream of [fromBrowser, toBrowser]) {
      // Stays for good: an unheard error would end the process.
      stream.on('error', (error) => this.close(`Chromium's debugging pipe has failed: ${error.message}`));
      stream.once('close', () => this.close("Chromium's debugging pipe has closed."));
    }
    toBrowser.on('drain', () => this.#client?.resume());
  }

  /** A client is live. */
  get connected(): boolean {
    return this.#client !== undefined;
  }

  /** The pipe is given up; nothing can be sent any more. */
  get closed(): boolean {
    return this.#closedBecause !== undefined;
  }

  /**
   * The first id of a block of command ids that no client before has used. The worker gets it with its assignment, starts its
   * `commandIdGenerator` there, and `connect` is told the same.
   */
  nextIdBase(): number {
    return (this.#givenIdBase = nextIdBlock(this.#givenIdBase));
  }

  /**
   * Gives the browser to the worker behind `line`; the one that has it now loses it at once. Resolves when the line is live. What
   * the worker wrote before that waits in the line, so it may begin whenever it likes.
   * @throws RangeError for an `idBase` that can't be, Error if the pipe or the line is closed or if the browser hasn't let go of
   *   the last client within `cleanUpTimeoutMs`. The line is left as it is then, and another `connect` may be tried.
   */
  connect(line: Duplex, { idBase }: { idBase: number }): Promise<void> {
    assertIdBase(idBase);
    return this.#nextClient(async () => {
      await this.#cleanUp();
      if (line.destroyed) throw new Error('The worker has closed its line.');
      this.#dirty = true;
      this.#clientIdBase = idBase;
      this.#client = new ClientLine(line, {
        limits: this.#limits,
        onFrames: (parts, isOpen) => this.#sendToBrowser(parts, isOpen),
        onProgress: () => this.#regulate(),
        onGone: (reason, cut) => this.#clientIsGone(reason, cut),
      });
    });
  }

  /**
   * Takes the browser from the current client, closes its line, and cleans up after it. Without a client it does nothing.
   * @throws Error if the browser hasn't answered within `cleanUpTimeoutMs`; the next `connect` tries it again.
   */
  disconnect(): Promise<void> {
    return this.#nextClient(() => this.#cleanUp());
  }

  /**
   * Sends a command of the supervisor's own. It is answered even while a client doesn't read.
   * @param options timeoutMs: default 10 000. sessionId: of a session of the supervisor's own; default: the root level.
   * @throws Error if the browser refuses, hasn't answered in time, or the pipe is closed.
   */
  async send(
    method: string,
    params: object = {},
    { timeoutMs = 10_000, sessionId }: { timeoutMs?: number; sessionId?: string } = {},
  ): Promise<unknown> {
    this.#assertOpen();
    const answer = this.#commands.send(method, params, { timeoutMs, sessionId });
    this.#regulate();
    return await answer;
  }

  /** Gives the pipe up, as when it ends by itself. Idempotent. */
  close(reason: string): void {
    if (this.#closedBecause !== undefined) return;
    this.#closedBecause = reason;
    this.#dropClient();
    this.#commands.failAll(reason);
    this.#options.toBrowser.destroy();
    this.#options.fromBrowser.destroy();
    this.#options.onClosed(reason);
  }

  /** Runs `step` after all earlier ones, with the line free. The current client goes at once, not only when its turn comes. */
  #nextClient(step: () => Promise<void>): Promise<void> {
    this.#dropClient();
    const result = this.#turn.then(() => {
      this.#dropClient();
      return step();
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #cleanUp(): Promise<void> {
    this.#assertOpen();
    if (!this.#dirty) return;
    await cleanUpAfterClient(this.send.bind(this), this.#sessions, this.#limits.cleanUpTimeoutMs);
    this.#dirty = false;
  }

  #clientIsGone(reason: string, cut: boolean): void {
    this.#dropClient();
    if (cut) this.#options.onClientCut?.(reason);
    // At once, since its interceptions hold the page up. If it fails, the next connect tries again and says why.
    this.#turn = this.#turn
      .then(() => (this.#client === undefined ? this.#cleanUp() : undefined))
      .catch(() => undefined);
  }

  #dropClient(): void {
    this.#client?.close();
    this.#client = undefined;
    // The browser can't read half a frame: it says so without an id, which nobody waits for, and takes the next one.
    if (this.#isFrameOpen && !this.closed) this.#sendToBrowser([frameEnd], false);
    this.#regulate();
  }

  #relay(chunk: Buffer): void {
    this.#frames.take(chunk);
    this.#client?.flush();
    this.#regulate();
  }

  /** Reads from the browser as long as somebody takes it; an answer of our own that is due may have to be fetched past a full line. */
  #regulate(): void {
    this.#room.note(this, this.#client?.queuedBytes ?? 0);
    const read = this.#client?.full !== true || (this.#commands.size > 0 && this.#room.isFree);
    if (read === this.#readingBrowser) return;
    this.#readingBrowser = read;
    if (read) this.#options.fromBrowser.resume();
    else this.#options.fromBrowser.pause();
  }

  #sendToBrowser(parts: readonly Buffer[], isOpen: boolean): void {
    let hasRoom = true;
    for (const part of parts) hasRoom = this.#options.toBrowser.write(part);
    this.#isFrameOpen = isOpen;
    this.#writeWaiting();
    if (!hasRoom) this.#client?.pause();
  }

  #writeWaiting(): void {
    if (this.#isFrameOpen) return;
    for (const frame of this.#waiting.splice(0)) this.#options.toBrowser.write(frame);
  }

  #ownerOf(id: number): 'supervisor' | 'client' | 'nobody' {
    if (id >= firstOwnId) return 'supervisor';
    const isClients = this.connected && id >= this.#clientIdBase && id < this.#clientIdBase + idsPerClient;
    return isClients ? 'client' : 'nobody';
  }

  #assertOpen(): void {
    if (this.#closedBecause !== undefined) throw new Error(this.#closedBecause);
  }
}
