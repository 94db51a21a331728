import { randomBytes } from 'node:crypto';

/** Ends the names of files that are being written. An old one is left over, and may be removed. */
export const unfinishedSuffix = '.unfinished';

/** A name beside a file that no other writer uses. */
export function unfinishedName(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}${unfinishedSuffix}`;
}
