import { type BigIntStats, statSync } from 'node:fs';

/** Tells one version of a file from the next. Every atomic write makes a new inode, so that no two look alike. */
export type FileIdentity = string;

export function identifyFile(path: string): FileIdentity {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? missingFile : identityOf(stats);
}

export const missingFile: FileIdentity = 'missing';

export function identityOf({ dev, ino, size, mtimeNs }: BigIntStats): FileIdentity {
  return [dev, ino, size, mtimeNs].join(':');
}
