import { ByteReader, UnreadableError } from './byte-reader.js';

export interface Change {
  readonly key: Buffer;
  /** Undefined: deleted. */
  readonly value: Buffer | undefined;
}

export interface WriteBatch {
  /** That of the first change; each has one of its own. */
  readonly sequence: bigint;
  readonly changes: readonly Change[];
}

const batchHeaderBytes = 12;
const deletion = 0;
const assignment = 1;

/**
 * Reads an entry of a log (leveldb/db/write_batch.cc): sequence 8 bytes, count 4, then each change with its kind, key and value.
 *
 * @throws UnreadableError when it is none.
 */
export function readBatch(entry: Buffer): WriteBatch {
  if (entry.length < batchHeaderBytes) throw new UnreadableError('The bytes are too few for a write batch.');
  const reader = new ByteReader(entry, batchHeaderBytes);
  const changes: Change[] = [];
  while (!reader.isAtEnd) {
    const kind = reader.byte();
    if (kind !== deletion && kind !== assignment) throw new UnreadableError(`No change is of kind ${kind}.`);
    changes.push({ key: reader.slice(), value: kind === assignment ? reader.slice() : undefined });
  }
  return { sequence: entry.readBigUInt64LE(0), changes };
}

/** The entry of a log that assigns these values. */
export function writeBatch(sequence: bigint, assignments: readonly (readonly [key: Buffer, value: Buffer])[]): Buffer {
  const header = Buffer.alloc(batchHeaderBytes);
  header.writeBigUInt64LE(sequence, 0);
  header.writeUInt32LE(assignments.length, 8);
  const texts = assignments.flatMap(([key, value]) => [Buffer.from([assignment]), withLength(key), withLength(value)]);
  return Buffer.concat([header, ...texts]);
}

function withLength(text: Buffer): Buffer {
  const length: number[] = [];
  let rest = text.length;
  for (; rest > 127; rest = Math.floor(rest / 128)) length.push((rest % 128) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), text]);
}
