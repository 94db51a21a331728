import { duplexPair, type Duplex } from 'node:stream';

/** A worker's end of its private line. */
export class FakeClient {
  /** For the switchboard. */
  readonly line: Duplex;
  /** The worker's own end. */
  readonly end: Duplex;
  #text = '';
  #heard = new Set<() => void>();

  constructor({ reading = true } = {}) {
    const [ours, theirs] = duplexPair();
    this.line = ours;
    this.end = theirs;
    theirs.on('error', () => undefined);
    if (reading) this.read();
  }

  read(): void {
    this.end.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
      for (const resolve of this.#heard) resolve();
      this.#heard.clear();
    });
  }

  /** Whole frames that came, as text. */
  get frames(): string[] {
    return this.#text.split('\0').slice(0, -1);
  }

  send(message: object): void {
    this.end.write(`${JSON.stringify(message)}\0`);
  }

  /** Resolves when `count` whole frames have come. */
  async got(count: number): Promise<string[]> {
    while (this.frames.length < count) await new Promise<void>((resolve) => this.#heard.add(resolve));
    return this.frames;
  }
}
