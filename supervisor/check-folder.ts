import { chmod, lstat } from 'node:fs/promises';

import { WasupError } from '../shared/errors.js';
import { supervisorExitCodes } from '../shared/exit-codes.js';
import type { Logger } from '../shared/logger.js';
import { judgeOwner } from './judge-owner.js';

/**
 * Looks whether other users can change a folder with logins: takes that permission away where this user may, and warns. A folder of
 * another user is refused; root, to whom nobody else's folder is closed, is warned.
 *
 * @param self this process' user. Default: as the system says.
 * @throws WasupError with exit code 78 for the folder of another user. What isn't there is nobody's.
 */
export async function checkFolder(
  path: string,
  log: Pick<Logger, 'warn'>,
  self: number | undefined = process.getuid?.(),
): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return;
  const verdict = judgeOwner({ owner: stats.uid, mode: stats.mode }, self);
  if (verdict === 'fine') return;
  if (verdict === 'foreign') {
    const sentence = `${path} belongs to another user (${stats.uid}), who can take or change the logins in it.`;
    const remedy = `Make it yours (chown -R ${self ?? ''} '${path}'), or give wasup a folder of its own: WASUP_SESSIONS_DIR.`;
    if (self !== 0) throw new WasupError(sentence, { remedy, exitCode: supervisorExitCodes.configuration });
    log.warn(`${sentence} ${remedy}`);
    return;
  }
  try {
    await chmod(path, stats.mode & 0o7775);
    log.warn(`${path}, where logins are kept, was writable by other users; wasup has taken that away.`);
  } catch {
    log.warn(
      `${path}, where logins are kept, is writable by other users. What to do: chmod o-w '${path}' as its owner.`,
    );
  }
}
