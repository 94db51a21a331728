import { UnreadableError } from './byte-reader.js';
import { maskedCrc32c } from './crc32c.js';

/**
 * The format of LevelDB's logs and manifests (leveldb/doc/log_format.md): blocks of 32 KiB; in them records of up to
 * 32,761 bytes after a header of seven (checksum 4, length 2, kind 1, little-endian), none across the end of a block;
 * up to six bytes there that fit no header are filled up. What doesn't fit one block is a first, middle and last
 * record.
 */
const blockBytes = 32_768;
const headerBytes = 7;
const full = 1;
const first = 2;
const middle = 3;
const last = 4;

export interface LogContent {
  /** What was written whole, in its order; parts are put together. */
  readonly entries: readonly Buffer[];
  /** How many bytes of the log are whole, where its end is torn. */
  readonly tornAt: number | undefined;
}

/**
 * Reads a log. Checksums are not compared (salvageLog does): where zeros follow a head, a log that was written on may
 * look whole.
 *
 * Its end is torn when its writer was killed in the middle of a record, or between the parts of one. LevelDB itself
 * forgives that when it reads the log, but Chromium's goes on writing behind it (`reuse_logs`), and then the next one
 * that reads it finds a record that doesn't hold in its middle, and the database is given up.
 *
 * @throws UnreadableError when it is damaged in another way.
 */
export function readLog(log: Buffer): LogContent {
  const entries: Buffer[] = [];
  let parts: Buffer[] = [];
  let whole = 0;
  let position = 0;
  while (position < log.length) {
    const room = blockBytes - (position % blockBytes);
    if (room < headerBytes) {
      position += room;
      continue;
    }
    if (position + headerBytes > log.length) return { entries, tornAt: whole };
    const length = log.readUInt16LE(position + 4);
    const kind = log.readUInt8(position + 6);
    if (kind === 0 && length === 0) {
      // Room that a file system or the writer has made before, skipped by readers to the end of the block.
      position += room;
      continue;
    }
    const isContinuation = kind === middle || kind === last;
    if (kind === 0 || kind > last || headerBytes + length > room || isContinuation !== parts.length > 0) {
      throw new UnreadableError(`What is at byte ${position} of the log is no record.`);
    }
    parts.push(log.subarray(position + headerBytes, position + headerBytes + length));
    position += headerBytes + length;
    if (position > log.length) return { entries, tornAt: whole };
    if (kind === full || kind === last) {
      entries.push(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts));
      parts = [];
      whole = position;
    }
  }
  return { entries, tornAt: parts.length > 0 ? whole : undefined };
}

/**
 * Reads a log that was written on behind a torn record, as Chromium does in the browser in which a write has failed on
 * a full disk: what is whole, by its checksum, wherever it lies. To LevelDB, as it went on writing, the torn record was
 * not there either.
 *
 * @returns `isWrittenOn`: whether there are entries behind what is lost.
 */
export function salvageLog(log: Buffer): { readonly entries: readonly Buffer[]; readonly isWrittenOn: boolean } {
  const entries: Buffer[] = [];
  let parts: Buffer[] = [];
  let isLost = false;
  let isWrittenOn = false;
  for (let position = 0; position + headerBytes <= log.length;) {
    const body = wholeRecordAt(log, position);
    if (body === undefined) {
      // Zeros fill up the end of a block.
      isLost ||= log[position] !== 0;
      position += 1;
      continue;
    }
    const kind = log.readUInt8(position + 6);
    position += headerBytes + body.length;
    const isContinuation = kind === middle || kind === last;
    if (isContinuation !== parts.length > 0) isLost = true;
    if (!isContinuation) parts = [];
    else if (parts.length === 0) continue;
    parts.push(body);
    if (kind !== full && kind !== last) continue;
    entries.push(Buffer.concat(parts));
    parts = [];
    isWrittenOn ||= isLost;
  }
  return { entries, isWrittenOn };
}

/** What a record says; undefined where there is none, or its checksum doesn't hold. */
function wholeRecordAt(log: Buffer, position: number): Buffer | undefined {
  const kind = log.readUInt8(position + 6);
  if (kind < full || kind > last) return undefined;
  const end = position + headerBytes + log.readUInt16LE(position + 4);
  if (end > log.length) return undefined;
  // The checksum is that of the kind and of what it says, which stand side by side.
  const isWhole = maskedCrc32c(log.subarray(position + 6, end)) === log.readUInt32LE(position);
  return isWhole ? log.subarray(position + headerBytes, end) : undefined;
}

/** @returns a log with these entries. */
export function logOf(entries: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  for (const entry of entries) {
    const part = appendixTo(length, entry);
    parts.push(part);
    length += part.length;
  }
  return Buffer.concat(parts);
}

/** @returns the bytes to append to a log of this length, so that it has one entry more. */
export function appendixTo(logBytes: number, entry: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let position = logBytes;
  let rest = entry;
  let isFirst = true;
  const put = (piece: Buffer): void => {
    pieces.push(piece);
    position += piece.length;
  };
  do {
    if (blockBytes - (position % blockBytes) < headerBytes) put(Buffer.alloc(blockBytes - (position % blockBytes)));
    const body = rest.subarray(0, blockBytes - (position % blockBytes) - headerBytes);
    rest = rest.subarray(body.length);
    const isLast = rest.length === 0;
    const kind = isFirst ? (isLast ? full : first) : isLast ? last : middle;
    put(record(kind, body));
    isFirst = false;
  } while (rest.length > 0);
  return Buffer.concat(pieces);
}

function record(kind: number, body: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(maskedCrc32c(Buffer.concat([Buffer.from([kind]), body])), 0);
  header.writeUInt16LE(body.length, 4);
  header.writeUInt8(kind, 6);
  return Buffer.concat([header, body]);
}
