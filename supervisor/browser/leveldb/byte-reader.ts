/** The bytes are not what LevelDB writes: they are damaged, or of a version that isn't known. */
export class UnreadableError extends Error {
  override name = 'UnreadableError';
}

/** Reads what LevelDB and protocol buffers have in common: varints, and texts with their length before them. */
export class ByteReader {
  readonly #bytes: Buffer;
  position: number;

  constructor(bytes: Buffer, position = 0) {
    this.#bytes = bytes;
    this.position = position;
  }

  get isAtEnd(): boolean {
    return this.position >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.position];
    if (byte === undefined) throw new UnreadableError('The bytes end in the middle of something.');
    this.position += 1;
    return byte;
  }

  /** Up to 2^53 - 1, which no length exceeds. */
  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      if (factor > 2 ** 42) throw new UnreadableError('A number is longer than any that is known.');
    }
  }

  slice(): Buffer {
    const length = this.varint();
    const end = this.position + length;
    if (end > this.#bytes.length) throw new UnreadableError('The bytes end in the middle of a text.');
    const slice = this.#bytes.subarray(this.position, end);
    this.position = end;
    return slice;
  }
}
