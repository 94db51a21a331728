import { randomBytes } from 'node:crypto';

/** Ends the names of files that are being written; whoever finds an old one may remove it. */
export const unfinishedSuffix = '.unfinished';

/** A name beside a file that nobody else uses. */
export function unfinishedName(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}${unfinishedSuffix}`;
}
