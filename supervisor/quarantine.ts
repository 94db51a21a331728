import { chmod, lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { WasupError } from '../shared/errors.js';
import { supervisorExitCodes } from '../shared/exit-codes.js';
import { fileError } from '../shared/files/file-error.js';
import type { SessionPaths } from '../shared/paths.js';
import { findProfileHolder } from './browser/profile-lock.js';

/** How many logins are kept beside the present one. Each is a Chromium profile: some ten to some hundred megabytes. */
const keptLogins = 3;

/** A browser's helpers see that it has gone and leave: within 50 ms, longer where the machine is busy. */
const holderGraceMs = 3_000;
const holderLookIntervalMs = 50;

/** What this file makes: `20261122T221500Z-unpaired`, and `…-unpaired-2` for a second one in the same second. */
const ourNames = /^\d{8}T\d{6}Z-[a-z0-9]+(-[a-z0-9]+)*$/;

/**
 * Moves the stored login out of the way: from `profile/` to `quarantine/<time>-<reason>/`. Nothing is deleted but what is
 * older than the newest three in quarantine.
 *
 * @param reason a word or some, such as `unpaired`; becomes part of the name.
 * @returns the name in quarantine; undefined when there is no profile.
 * @throws WasupError when a browser still has the profile after 3 s, or the folder can't be moved; the login is where it was then.
 */
export async function quarantineProfile(paths: SessionPaths, reason: string, now: Date): Promise<string | undefined> {
  await assertNobodyHolds(paths, holderGraceMs);
  const name = await moveIntoQuarantine(paths, reason, now);
  if (name !== undefined) await removeOldest(paths, name);
  return name;
}

/**
 * The logins in quarantine, newest first.
 *
 * @throws WasupError when the folder can't be read.
 */
export async function listQuarantined(paths: SessionPaths): Promise<readonly string[]> {
  try {
    const entries = await readdir(paths.quarantine, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory() && ourNames.test(entry.name)).map(({ name }) => name);
    return names.sort(compareNames).reverse();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError('read', paths.quarantine, error);
  }
}

/**
 * Exchanges the present profile, if there is one, for one in quarantine.
 *
 * @param name as {@link listQuarantined} says it.
 * @param finish what else belongs to the exchange; when it fails, the exchange is undone.
 * @returns under which name the present profile went to quarantine; undefined when there was none.
 * @throws WasupError when a browser has the profile, there is no such login, or a folder can't be moved; then everything
 * is where it was.
 */
export async function takeFromQuarantine(
  paths: SessionPaths,
  name: string,
  now: Date,
  finish: () => Promise<void> = () => Promise.resolve(),
): Promise<string | undefined> {
  await assertNobodyHolds(paths);
  if (!(await listQuarantined(paths)).includes(name)) throw unknownLogin(paths, name);
  const replaced = await moveIntoQuarantine(paths, 'replaced', now);
  const chosen = join(paths.quarantine, name);
  try {
    await rename(chosen, paths.profile);
    await finish().catch(async (error: unknown) => {
      await rename(paths.profile, chosen);
      throw error;
    });
  } catch (error) {
    if (replaced !== undefined) await rename(join(paths.quarantine, replaced), paths.profile);
    throw fileError('move', chosen, error);
  }
  return replaced;
}

async function moveIntoQuarantine(paths: SessionPaths, reason: string, now: Date): Promise<string | undefined> {
  if (!(await holdsSomething(paths.profile))) return undefined;
  try {
    await mkdir(paths.quarantine, { recursive: true, mode: 0o700 });
    // It may have been there before, open to others; some file systems know no modes.
    await chmod(paths.quarantine, 0o700).catch(() => undefined);
    const name = await freeName(paths.quarantine, `${timeOf(now)}-${slugOf(reason)}`);
    await rename(paths.profile, join(paths.quarantine, name));
    return name;
  } catch (error) {
    throw fileError('move', paths.profile, error);
  }
}

/** An empty folder is what a start leaves behind that came no further: it is no login, and only in the way. */
async function holdsSomething(profile: string): Promise<boolean> {
  try {
    if ((await readdir(profile)).length > 0) return true;
    await rmdir(profile);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError('move', profile, error);
  }
  return false;
}

/** The account is locked for us, so that nobody takes the name meanwhile. */
async function freeName(folder: string, wanted: string): Promise<string> {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? wanted : `${wanted}-${count}`;
    const exists = await lstat(join(folder, name)).then(
      () => true,
      (error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
        throw error;
      },
    );
    if (!exists) return name;
  }
}

/** What can't be removed stays; the next quarantine tries again. The newest stays even where the clock has gone back. */
async function removeOldest(paths: SessionPaths, newest: string): Promise<void> {
  const others = (await listQuarantined(paths).catch((): string[] => [])).filter((name) => name !== newest);
  for (const name of others.slice(keptLogins - 1)) {
    await rm(join(paths.quarantine, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function assertNobodyHolds(paths: SessionPaths, graceMs = 0): Promise<void> {
  const begin = performance.now();
  let holder = await findProfileHolder(paths.profile);
  while (holder !== undefined && performance.now() - begin < graceMs) {
    await delay(holderLookIntervalMs);
    holder = await findProfileHolder(paths.profile);
  }
  if (holder === undefined) return;
  throw new WasupError(`A browser (pid ${holder}) still has ${paths.profile} open; the login was left where it is.`, {
    remedy: 'Stop wasup first; if nothing of it runs any more, end that browser.',
    exitCode: supervisorExitCodes.alreadyRunning,
  });
}

function unknownLogin(paths: SessionPaths, name: string): WasupError {
  return new WasupError(`There is no login "${name}" in ${paths.quarantine}.`, {
    remedy: `Say \`npx wasup restore-profile ${basename(paths.directory).replace('session-', '')} --list\` to see which there are.`,
    exitCode: supervisorExitCodes.usage,
  });
}

/** `20261122T221500Z`: sorts by time, and is a name on every file system. */
function timeOf(now: Date): string {
  return now
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:]/g, '');
}

function slugOf(reason: string): string {
  const words = reason.toLowerCase().match(/[a-z0-9]+/g) ?? ['unknown'];
  return words.join('-').slice(0, 60).replace(/-$/, '');
}

/** By time; a tenth one in the same second comes after the second one. */
function compareNames(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
