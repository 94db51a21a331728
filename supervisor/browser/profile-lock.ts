import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { findBrowserProcesses } from './profile-processes.js';
import { isThere } from './signals.js';

/**
 * The id of a living browser process that has the profile open, or undefined. Looks at the command lines of all
 * processes where there is `/proc`, and at Chromium's own lock everywhere. The lock of another machine says nothing about
 * this one: who may use the profile there is what wasup's lock on the account is for.
 */
export async function findProfileHolder(profileDirectory: string): Promise<number | undefined> {
  const found = await findBrowserProcesses(profileDirectory);
  const id = found?.main[0] ?? found?.profile[0];
  return id ?? (await readLock(profileDirectory));
}

/** Chromium's lock is a symbolic link to `<host>-<pid>`; one that was killed leaves it behind. */
async function readLock(profileDirectory: string): Promise<number | undefined> {
  const target = await readlink(join(profileDirectory, 'SingletonLock')).catch(() => '');
  const [, host, digits] = /^(.*)-(\d+)$/.exec(target) ?? [];
  const id = Number(digits);
  if (host !== hostname() || !(id > 1) || !isThere(id)) return undefined;
  if (process.platform !== 'linux') return id;
  // After a reboot the number may be another program's.
  const commandLine = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => undefined);
  return commandLine === undefined || commandLine.includes('--user-data-dir') ? id : undefined;
}
