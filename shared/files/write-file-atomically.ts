import { renameSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FileIdentity, identifyFile } from './file-identity.js';
import { fileError } from './file-error.js';
import { unfinishedName } from './unfinished.js';

/**
 * Replaces a file's content so that readers see the old text or the new one, never a part, whatever dies meanwhile. The
 * file gets mode 0600; a missing folder is made with 0700.
 *
 * (Not write-file-atomic: version 7 takes a short write for a whole one, so that on a full disk it puts a cut-off file
 * over the good one and reports success.)
 *
 * @param expected when given, the file is replaced only if it is still the one identified; resolves with whether it
 * was.
 * @throws WasupError that says what to do when the disk is full, read-only, or not ours to write to.
 */
export async function writeFileAtomically(path: string, text: string, expected?: FileIdentity): Promise<boolean> {
  const unfinished = unfinishedName(path);
  try {
    const file = await openNew(unfinished);
    try {
      await file.writeFile(text);
      // Without it, a power cut after the rename can leave an empty file under the good name.
      await file.sync();
    } finally {
      await file.close();
    }
    // The slow part is done; what another process wrote meanwhile shows now. Look and rename follow each other without
    // a turn of the event loop, which leaves another process some microseconds. A lock would leave none, and would
    // stay behind when its holder is killed.
    if (expected !== undefined && identifyFile(path) !== expected) {
      await rm(unfinished, { force: true });
      return false;
    }
    renameSync(unfinished, path);
    return true;
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw fileError('write', path, error);
  }
}

async function openNew(path: string): ReturnType<typeof open> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return open(path, 'wx', 0o600);
  }
}
