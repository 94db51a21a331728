import { randomBytes } from 'node:crypto';
import { lstat, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { describeError } from '../../shared/errors.js';
import { writeFileAtomically } from '../../shared/files/write-file-atomically.js';
import type { Logger } from '../../shared/logger.js';

/** Nobody guesses these, at whatever speed. */
const tokenBytes = 32;
/** Of a file that a person has written; what is shorter could be guessed. */
const tokenPattern = /^[\x21-\x7e]{16,512}$/;

export function httpTokenPath(sessionsDirectory: string): string {
  return join(sessionsDirectory, '.http-token');
}

/**
 * The token of the control API when none is configured: the one that is kept in the sessions folder, for its owner
 * alone. It is made at the first start, and anew, saying so, when the file is damaged or others could read it. Never
 * rejects: where it can't be kept, the token is good until this process ends.
 */
export async function keepHttpToken(sessionsDirectory: string, log: Logger): Promise<string> {
  const path = httpTokenPath(sessionsDirectory);
  const kept = await readToken(path);
  if ('token' in kept) return kept.token;
  const token = randomBytes(tokenBytes).toString('base64url');
  try {
    if (kept.isInTheWay) await rm(path, { recursive: true, force: true });
    await writeFileAtomically(path, `${token}\n`);
    if (kept.problem !== undefined) {
      log.warn(`The token of the control API in ${path} ${kept.problem}; there is a new one in its place.`);
    }
  } catch (error) {
    log.warn(
      `The token of the control API can't be kept (${describeError(error)}), so that nobody can use the dashboard over HTTP. Set WASUP_HTTP_TOKEN, or let wasup write to ${sessionsDirectory}.`,
    );
  }
  return token;
}

type KeptToken = { readonly token: string } | { readonly problem: string | undefined; readonly isInTheWay: boolean };

async function readToken(path: string): Promise<KeptToken> {
  try {
    const stats = await lstat(path);
    if (!stats.isFile()) return { problem: 'was no file', isInTheWay: stats.isDirectory() };
    if (stats.uid !== (process.getuid?.() ?? stats.uid))
      return { problem: 'belonged to another user', isInTheWay: false };
    if ((stats.mode & 0o077) !== 0) return { problem: 'could be read by other users', isInTheWay: false };
    const token = (await readFile(path, 'utf8')).trim();
    if (tokenPattern.test(token)) return { token };
    return { problem: token === '' ? 'was empty' : 'was damaged', isInTheWay: false };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { problem: isMissing ? undefined : `could not be read (${describeError(error)})`, isInTheWay: false };
  }
}
