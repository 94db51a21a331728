import type { Duplex } from 'node:stream';
import { splitFrames } from './split-frames.js';
import type { SwitchboardLimits } from './limits.js';

export interface ClientLineOptions {
  readonly limits: SwitchboardLimits;
  /**
   * Takes frames for the browser: whole ones, and last, where `isOpen`, the part of one that is too long to wait for its end. What comes
   * next goes on with that.
   */
  readonly onFrames: (parts: readonly Buffer[], isOpen: boolean) => void;
  /** The client has read some of what waits for it. */
  readonly onProgress: () => void;
  /** The client has left, or (`cut`) was thrown out. Called once, never after `close`. */
  readonly onGone: (reason: string, cut: boolean) => void;
}

/** Above this much the browser's pipe is left unread until the client has caught up. */
const pauseAtBytes = 1024 * 1024;

/** Handed to the stream at a time, so that a slow client shows progress before all of a long queue is read. */
const handOverBytes = 256 * 1024;

/** "It doesn't read" is the judgement of this many looks in a row: one that comes late, after a suspension of ours, counts once. */
const stallLooks = 10;

/** The switchboard's end of the private line of the worker that holds the account. */
export class ClientLine {
  readonly #line: Duplex;
  readonly #options: ClientLineOptions;
  /** The beginning of a frame whose end hasn't come, unless that has been passed on. Dies with the client. */
  #unfinished: Buffer[] = [];
  /** The length of that frame so far. */
  #unfinishedBytes = 0;
  /** Its beginning has been passed on. */
  #isOpen = false;
  #endTimer: NodeJS.Timeout | undefined;
  readonly #queue: Buffer[] = [];
  #queuedBytes = 0;
  #handedOverBytes = 0;
  #looksWithoutProgress = 0;
  #stallTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(line: Duplex, options: ClientLineOptions) {
    this.#line = line;
    this.#options = options;
    line.on('data', this.#receive);
    line.once('end', this.#end);
    line.once('close', this.#end);
    // Stays for good: a line can fail after it was closed, and an unheard error would end the process.
    line.on('error', (error) => this.#leave(`its line failed: ${error.message}`, false));
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get full(): boolean {
    return this.#queuedBytes >= pauseAtBytes;
  }

  /** Stops reading what the client sends; its own socket then holds it back. */
  pause(): void {
    this.#line.pause();
  }

  resume(): void {
    if (!this.#closed) this.#line.resume();
  }

  /** Queues a piece of a frame for the client. */
  write(bytes: Buffer): void {
    if (this.#closed) return;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
  }

  /** Hands the queue over to the line, as far as the line takes it. */
  flush(): void {
    if (this.#closed || this.#queue.length === 0) return;
    this.#line.cork();
    while (this.#queue.length > 0 && this.#handedOverBytes < handOverBytes) {
      const bytes = this.#queue.shift() ?? Buffer.alloc(0);
      this.#handedOverBytes += bytes.length;
      this.#line.write(bytes, () => this.#wasRead(bytes.length));
    }
    this.#line.uncork();
    this.#watchForStall();
  }

  /** Ends the line without a word to `onGone`. What is queued is lost. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#stallTimer);
    clearTimeout(this.#endTimer);
    this.#line.off('data', this.#receive);
    this.#line.off('end', this.#end);
    this.#line.off('close', this.#end);
    this.#queue.length = 0;
    this.#unfinished = [];
    this.#line.destroy();
  }

  readonly #end = (): void => this.#leave('its line has closed', false);

  readonly #receive = (chunk: Buffer): void => {
    for (const piece of splitFrames(chunk)) {
      this.#unfinishedBytes += piece.bytes.length;
      if (this.#unfinishedBytes > this.#options.limits.maxFrameBytes) {
        this.#leave(`it sent a frame of more than ${this.#options.limits.maxFrameBytes} bytes`, true);
        return;
      }
      if (piece.last) this.#unfinishedBytes = 0;
    }
    // Only whole frames go to the browser, as long as they are short: the client may die in the middle of one, and our own commands go
    // between them. One of many megabytes isn't kept until it is whole: the browser has it in its memory anyway.
    const border = chunk.lastIndexOf(0) + 1;
    const isOpen = this.#unfinishedBytes > this.#options.limits.maxCollectedBytes;
    const end = isOpen ? chunk.length : border;
    if (end > 0) {
      const frames = [...this.#unfinished, chunk.subarray(0, end)];
      this.#unfinished = [];
      this.#isOpen = isOpen;
      this.#expectEnd();
      this.#options.onFrames(frames, isOpen);
    }
    if (end < chunk.length) this.#unfinished.push(chunk.subarray(end));
  };

  /** Nothing else can be said to the browser in the middle of a frame: one that doesn't go on ends with its client. */
  #expectEnd(): void {
    clearTimeout(this.#endTimer);
    if (!this.#isOpen) return;
    const { maxStallMs } = this.#options.limits;
    this.#endTimer = setTimeout(() => {
      // The browser doesn't read: that is its own silence.
      if (this.#line.isPaused()) this.#expectEnd();
      else this.#leave(`it has sent nothing for ${maxStallMs} ms in the middle of a frame`, true);
    }, maxStallMs);
  }

  #wasRead(bytes: number): void {
    if (this.#closed) return;
    this.#queuedBytes -= bytes;
    this.#handedOverBytes -= bytes;
    this.#looksWithoutProgress = 0;
    this.flush();
    this.#options.onProgress();
  }

  #watchForStall(): void {
    if (this.#stallTimer !== undefined || this.#queuedBytes === 0) return;
    this.#looksWithoutProgress = 0;
    this.#stallTimer = setInterval(() => {
      if (this.#queuedBytes === 0) {
        clearInterval(this.#stallTimer);
        this.#stallTimer = undefined;
      } else if (++this.#looksWithoutProgress >= stallLooks) {
        const { maxStallMs } = this.#options.limits;
        this.#leave(`it has read nothing for ${maxStallMs} ms, ${this.#queuedBytes} bytes wait for it`, true);
      }
    }, this.#options.limits.maxStallMs / stallLooks);
  }

  #leave(reason: string, cut: boolean): void {
    if (this.#closed) return;
    this.close();
    this.#options.onGone(reason, cut);
  }
}
