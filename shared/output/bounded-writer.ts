import { setTimeout as delay } from 'node:timers/promises';

/** What waits for a reader that stands still, or for a disk that is full; more than this is dropped and counted. */
export const maxWaitingBytes = 1024 * 1024;

/** Texts other than wasup's own leave this share of the queue free, so that a bot that floods costs none of wasup's lines. */
export const foreignShare = 0.5;

export interface BoundedWriterOptions {
  /** Writes what can be written without waiting, and returns how many bytes that were. Throws (EAGAIN, EPIPE, ENOSPC, …) where nothing can. */
  readonly write: (bytes: Buffer) => number;
  /** Calls back after so many ms. */
  readonly retryIn: (delayMs: number, retry: () => void) => void;
  /** Stops this thread for so many ms. Default: nothing is ever waited for. */
  readonly pause?: (ms: number) => void;
  /** Milliseconds on a clock that never jumps. */
  readonly now?: () => number;
  /** Bytes that wait at most. Default: {@link maxWaitingBytes}. */
  readonly maxBytes?: number;
}

/**
 * A reader that is only slower than this process is waited for, so that what is said before a `kill -9` can be read: for so long altogether, and
 * for a hundredth of the time since. One that stands still costs no more than that.
 */
const patienceMs = 200;
const patiencePerMs = 0.01;
const pauseMs = 1;

const firstRetryMs = 5;
const longestRetryMs = 250;
/** Dropped lines are told of once the queue has shrunk to this share. */
const roomShare = 0.25;

/**
 * Writes texts in their order, and never waits or throws: what the reader doesn't take is kept up to a bound and tried again, what goes beyond
 * the bound is dropped. Once the reader reads again, a line says how many lines were dropped.
 */
export class BoundedWriter {
  /** The text of that line. A log in a format of its own replaces it. */
  describeDropped: (lines: number) => string = (lines) => `${dropped(lines)}\n`;
  readonly #options: BoundedWriterOptions;
  readonly #maxBytes: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #droppedLines = 0;
  #retryMs = firstRetryMs;
  #patienceMs = patienceMs;
  #pausedAt = 0;
  #isRetrying = false;

  constructor(options: BoundedWriterOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? maxWaitingBytes;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** @param share of the queue that this text may use, up to 1. */
  write(text: string, share = 1): void {
    if (text === '') return;
    const bytes = Buffer.from(text);
    if (this.#waitingBytes + bytes.length > this.#maxBytes * share) {
      this.#droppedLines += countLines(text);
      return;
    }
    this.#add(bytes);
    if (!this.#isRetrying) this.#drain();
  }

  /** Resolves with whether everything is written, after this many ms at most. */
  async flush(deadlineMs: number): Promise<boolean> {
    for (let leftMs = deadlineMs; ; leftMs -= firstRetryMs) {
      this.#drain();
      if (this.#waitingBytes === 0) return true;
      if (leftMs <= 0) return false;
      await delay(firstRetryMs);
    }
  }

  #add(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  #drain(): void {
    for (;;) {
      try {
        if (this.#writeNext()) return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN' && this.#pause()) continue;
        this.#retryLater();
        return;
      }
    }
  }

  /** Returns whether there was nothing left. */
  #writeNext(): boolean {
    this.#tellDropped();
    const [next] = this.#waiting;
    if (next === undefined) return true;
    const written = this.#options.write(next);
    this.#waitingBytes -= written;
    if (written === next.length) this.#waiting.shift();
    else this.#waiting[0] = next.subarray(written);
    this.#retryMs = firstRetryMs;
    return false;
  }

  /** Returns whether some time was given to the reader. */
  #pause(): boolean {
    const { pause, now = () => performance.now() } = this.#options;
    if (pause === undefined) return false;
    const begin = now();
    const gained = Math.max(0, begin - this.#pausedAt) * patiencePerMs;
    this.#patienceMs = Math.min(patienceMs, this.#patienceMs + gained);
    this.#pausedAt = begin;
    if (this.#patienceMs < pauseMs) return false;
    pause(pauseMs);
    this.#pausedAt = now();
    this.#patienceMs -= this.#pausedAt - begin;
    return true;
  }

  #tellDropped(): void {
    if (this.#droppedLines === 0 || this.#waitingBytes > this.#maxBytes * roomShare) return;
    const notice = Buffer.from(this.describeDropped(this.#droppedLines));
    this.#droppedLines = 0;
    this.#add(notice);
  }

  #retryLater(): void {
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    this.#options.retryIn(this.#retryMs, () => {
      this.#isRetrying = false;
      this.#drain();
    });
    this.#retryMs = Math.min(2 * this.#retryMs, longestRetryMs);
  }
}

/** The sentence about lines that were dropped. */
export function dropped(lines: number): string {
  return `${lines} ${lines === 1 ? 'line was' : 'lines were'} dropped here: the reader of this output stood still, or its disk was full.`;
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return text.endsWith('\n') ? lines : lines + 1;
}
