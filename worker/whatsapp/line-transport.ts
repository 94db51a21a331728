import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import type { ConnectionTransport } from 'puppeteer';

/** The supervisor gives each worker a block of this many ids, so that it can tell the answers to one worker's commands from another's. */
const idsPerWorker = 1_000_000;

/**
 * Ids for puppeteer's commands (`idGenerator`), from the block that begins at `idBase`. After the last it begins again: a command
 * that is a million commands old has been answered or given up.
 */
export function commandIdGenerator(idBase: number): () => number {
  let given = 0;
  return () => idBase + (given++ % idsPerWorker);
}

/**
 * Puppeteer's way to the browser: the private line to the supervisor, which relays to the browser's pipe. Frames are JSON, each
 * ended by a zero byte. Hears the line's errors: once the browser is attached, a line that fails is a line that has closed.
 */
export class LineTransport implements ConnectionTransport {
  onmessage?: (message: string) => void;
  onclose?: () => void;
  readonly #line: Socket;
  /** The beginning of a frame whose end hasn't come, as text: of many megabytes there is one copy, not the bytes as well. */
  #unfinished: string[] = [];
  /** Keeps the bytes of a character that two chunks share. */
  readonly #decoder = new StringDecoder('utf8');
  #closed = false;

  constructor(line: Socket) {
    this.#line = line;
    line.on('data', this.#receive);
    line.once('end', this.#lineEnded);
    line.once('close', this.#lineEnded);
    // An `error` is always followed by `close`.
    line.on('error', () => undefined);
  }

  /** After the line has closed this does nothing; puppeteer hears of it by `onclose`. */
  send(message: string): void {
    if (this.#closed || !this.#line.writable) return;
    this.#line.cork();
    this.#line.write(message);
    this.#line.write('\0');
    this.#line.uncork();
  }

  /** Closes the line: the supervisor then frees the browser for the next worker. */
  close(): void {
    this.#stopListening();
    this.#line.destroy();
  }

  readonly #receive = (chunk: Buffer): void => {
    let start = 0;
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, start)) {
      this.#deliver(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.#unfinished.push(this.#decoder.write(chunk.subarray(start)));
  };

  #deliver(tail: Buffer): void {
    // Joined in one step: a text put together of two is copied once more when it is read.
    const message = [...this.#unfinished, this.#decoder.end(tail)].join('');
    this.#unfinished = [];
    // Each message in its own turn, as puppeteer expects: what awaits one message runs before the next comes.
    setImmediate(() => {
      if (!this.#closed) this.onmessage?.(message);
    });
  }

  readonly #lineEnded = (): void => {
    // After the messages that came before the end.
    setImmediate(() => {
      if (this.#closed) return;
      this.#stopListening();
      this.#line.destroy();
      this.onclose?.();
    });
  };

  #stopListening(): void {
    this.#closed = true;
    this.#unfinished = [];
    this.#line.off('data', this.#receive);
    this.#line.off('end', this.#lineEnded);
    this.#line.off('close', this.#lineEnded);
  }
}
