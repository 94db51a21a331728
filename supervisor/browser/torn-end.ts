/**
 * The format of LevelDB's logs (leveldb/doc/log_format.md): blocks of 32 KiB; in them records of one to 65,535 bytes after a header of
 * seven (checksum 4, length 2, kind 1, little-endian), none across the end of a block; up to six bytes there that fit no header are
 * filled up. What doesn't fit one block is a first, middle and last record.
 */
const blockBytes = 32_768;
const headerBytes = 7;
const first = 2;
const middle = 3;
const last = 4;

/**
 * Where the end of a log is torn: whoever wrote it was killed in the middle of a record, or between the parts of one.
 *
 * LevelDB itself forgives that when it reads the log, but Chromium's goes on writing behind it (`reuse_logs`), and then the next one that
 * reads it finds a record that doesn't hold in its middle, and the database is given up.
 *
 * @returns how many of its bytes are whole; undefined when its end is not torn, also when it is damaged in another way, which isn't
 *   looked for: checksums are not compared.
 */
export function tornEndOf(log: Buffer): number | undefined {
  let whole = 0;
  let isWithin = false;
  let position = 0;
  while (position < log.length) {
    const room = blockBytes - (position % blockBytes);
    if (room < headerBytes) {
      position += room;
      continue;
    }
    if (position + headerBytes > log.length) return whole;
    const length = log.readUInt16LE(position + 4);
    const kind = log.readUInt8(position + 6);
    if (kind === 0 && length === 0) {
      // Room that a file system or the writer has made before, skipped by readers to the end of the block.
      position += room;
      continue;
    }
    const isContinuation = kind === middle || kind === last;
    if (kind === 0 || kind > last || headerBytes + length > room || isContinuation !== isWithin) return undefined;
    position += headerBytes + length;
    if (position > log.length) return whole;
    isWithin = kind === first || kind === middle;
    if (!isWithin) whole = position;
  }
  return isWithin ? whole : undefined;
}
