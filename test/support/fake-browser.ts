import { duplexPair, type Duplex, type Readable, type Writable } from 'node:stream';
import { parseFrame, type FrameContent } from '../../supervisor/switchboard/frame-content.js';

/** Answers a command with its result; undefined: not at all. Throws: with an error. */
export type Answer = (command: FrameContent) => object | undefined;

/** The browser's end of a debugging pipe, without a browser: notes what it gets, answers what it is told to. */
export class FakeBrowser {
  /** For the switchboard. */
  readonly toBrowser: Writable;
  readonly fromBrowser: Readable;
  /** The browser's own end: read it not, and the pipe is full at some time. */
  readonly pipe: Duplex;
  readonly received: FrameContent[] = [];
  answer: Answer = () => ({});
  #unread = Buffer.alloc(0);
  #heard = new Set<() => void>();

  constructor() {
    const [ours, theirs] = duplexPair();
    this.pipe = theirs;
    this.toBrowser = ours;
    this.fromBrowser = ours;
    theirs.on('data', (chunk: Buffer) => this.#take(chunk));
    theirs.on('error', () => undefined);
  }

  get methods(): (string | undefined)[] {
    return this.received.map(({ method }) => method);
  }

  say(message: object): void {
    this.pipe.write(`${JSON.stringify(message)}\0`);
  }

  /** Resolves when it has got `count` commands of this method. */
  async got(method: string, count = 1): Promise<FrameContent> {
    for (;;) {
      const found = this.received.filter((command) => command.method === method)[count - 1];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#heard.add(resolve));
    }
  }

  #take(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    for (let end = this.#unread.indexOf(0); end !== -1; end = this.#unread.indexOf(0)) {
      const command = parseFrame(this.#unread.subarray(0, end));
      this.#unread = this.#unread.subarray(end + 1);
      if (command !== undefined) this.#hear(command);
    }
  }

  #hear(command: FrameContent): void {
    this.received.push(command);
    for (const resolve of this.#heard) resolve();
    this.#heard.clear();
    try {
      const result = this.answer(command);
      if (result !== undefined) this.say({ id: command.id, result });
    } catch (error) {
      this.say({ id: command.id, error: { code: -32000, message: (error as Error).message } });
    }
  }
}
