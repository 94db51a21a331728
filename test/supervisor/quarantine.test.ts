import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readDeviceStatus, updateDeviceStatus } from '../../shared/device-status.js';
import { WasupError } from '../../shared/errors.js';
import { type SessionPaths, sessionPaths } from '../../shared/paths.js';
import { readSessionHistory } from '../../shared/session-history.js';
import { findProfileHolder } from '../../supervisor/browser/profile-lock.js';
import { listQuarantined, quarantineProfile, takeFromQuarantine } from '../../supervisor/quarantine.js';
import { restoreProfile } from '../../supervisor/restore-profile.js';

const number = '12025550100';
const now = new Date('2026-11-22T22:15:00.123Z');
const inHour = (hour: number): Date => new Date(Date.UTC(2026, 10, 22, hour));
let folder: string;
let paths: SessionPaths;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-quarantine-'));
  paths = sessionPaths(folder, number);
  await mkdir(paths.directory, { mode: 0o700 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('quarantining a profile', () => {
  it('moves it whole, under a name of time and reason, open to its owner alone', async () => {
    await putProfile('the login');
    const name = await quarantineProfile(paths, 'Unpaired: by phone!', now);
    expect(name).toBe('20261122T221500Z-unpaired-by-phone');
    expect(await loginIn(name)).toBe('the login');
    expect(await names(paths.directory)).toEqual(['quarantine']);
    expect((await stat(paths.quarantine)).mode & 0o777).toBe(0o700);
    expect((await stat(join(paths.quarantine, name ?? ''))).mode & 0o777).toBe(0o700);
  });

  it('says so when there is none, or only the empty folder that a start has made', async () => {
    expect(await quarantineProfile(paths, 'unpaired', now)).toBeUndefined();
    await mkdir(paths.profile);
    expect(await quarantineProfile(paths, 'unpaired', now)).toBeUndefined();
    expect(await names(paths.directory)).toEqual([]);
  });

  it('keeps the newest three and removes what is older, but nothing whose name isn’t ours', async () => {
    await mkdir(paths.quarantine);
    const foreign = ['kept-by-hand', '20261122T010000Z', '2026-unpaired', 'note.txt'];
    for (const name of foreign.slice(0, 3)) await mkdir(join(paths.quarantine, name));
    await writeFile(join(paths.quarantine, 'note.txt'), '');
    await writeFile(join(paths.quarantine, '20000101T000000Z-a-file'), '');
    for (const hour of [1, 2, 3, 4, 5]) {
      await putProfile(`login ${hour}`);
      await quarantineProfile(paths, 'unpaired', inHour(hour));
    }
    const kept = ['20261122T050000Z-unpaired', '20261122T040000Z-unpaired', '20261122T030000Z-unpaired'];
    expect(await listQuarantined(paths)).toEqual(kept);
    expect(await names(paths.quarantine)).toEqual([...kept, ...foreign, '20000101T000000Z-a-file'].sort());
    expect(await loginIn(kept[0])).toBe('login 5');
  });

  it('keeps what it has just moved also when the clock has gone back by years', async () => {
    for (const hour of [1, 2, 3]) {
      await putProfile(`login ${hour}`);
      await quarantineProfile(paths, 'unpaired', inHour(hour));
    }
    await putProfile('the newest');
    const name = await quarantineProfile(paths, 'unpaired', new Date(0));
    expect(await loginIn(name)).toBe('the newest');
    expect(await listQuarantined(paths)).toHaveLength(3);
  });

  it('finds a name of its own for each that comes in the same second, also for a tenth', async () => {
    const made: (string | undefined)[] = [];
    for (let count = 1; count <= 11; count += 1) {
      await putProfile(`login ${count}`);
      made.push(await quarantineProfile(paths, 'unpaired', now));
    }
    expect(made.slice(0, 2)).toEqual(['20261122T221500Z-unpaired', '20261122T221500Z-unpaired-2']);
    expect(await listQuarantined(paths)).toHaveLength(3);
    expect(await loginIn(made.at(-1))).toBe('login 11');
  });

  it('refuses while a living browser has the profile, and leaves it where it is', async () => {
    await putProfile('the login');
    const browser = await startSleeper([`--user-data-dir=${paths.profile}`]);
    try {
      const error = await errorOf(quarantineProfile(paths, 'unpaired', now));
      expect(error.message).toContain(`(pid ${browser.pid})`);
      expect(error.exitCode).toBe(73);
      expect(await readFile(join(paths.profile, 'login'), 'utf8')).toBe('the login');
    } finally {
      await browser.end();
    }
    expect(await quarantineProfile(paths, 'unpaired', now)).toBeDefined();
  });

  it('waits for what a browser that has gone leaves behind for a moment', async () => {
    await putProfile('the login');
    const helper = await startSleeper(['--type=utility', `--user-data-dir=${paths.profile}`]);
    const moving = quarantineProfile(paths, 'unpaired', now);
    moving.catch(() => undefined);
    // A look like the one that was begun before.
    expect(await findProfileHolder(paths.profile)).toBe(helper.pid);
    await helper.end();
    expect(await loginIn(await moving)).toBe('the login');
  });

  it('believes Chromium’s lock when the command line says another path', async () => {
    await putProfile('the login');
    const browser = await startSleeper(['--user-data-dir=another/way/to/it']);
    try {
      await symlink(`${hostname()}-${browser.pid}`, join(paths.profile, 'SingletonLock'));
      expect((await errorOf(quarantineProfile(paths, 'unpaired', now))).message).toContain(`(pid ${browser.pid})`);
    } finally {
      await browser.end();
    }
    expect(await quarantineProfile(paths, 'unpaired', now)).toBeDefined();
  });

  it.each([
    ['a process that has gone', `${hostname()}-4194304`],
    ['another machine', 'another-machine-1'],
    ['another program under the same number', `${hostname()}-${process.pid}`],
    ['nobody can tell whom', 'nonsense'],
  ])('is not kept back by a lock of %s', async (_name, target) => {
    await putProfile('the login');
    await symlink(target, join(paths.profile, 'SingletonLock'));
    expect(await quarantineProfile(paths, 'unpaired', now)).toBeDefined();
  });

  it('that can’t be done says what to do, and leaves everything as it was', async () => {
    await putProfile('the login');
    await writeFile(paths.quarantine, 'a file in its place');
    const error = await errorOf(quarantineProfile(paths, 'unpaired', now));
    expect(error.message).toContain('a file is in the place of a folder');
    expect(error.remedy).toContain(paths.directory);
    expect(await readFile(join(paths.profile, 'login'), 'utf8')).toBe('the login');
  });
});

describe('restoring a profile', () => {
  beforeEach(async () => {
    await putProfile('the first');
    await quarantineProfile(paths, 'unpaired', inHour(1));
    await putProfile('the second');
    await quarantineProfile(paths, 'unpaired', inHour(2));
  });

  it('brings back the newest, with a fresh count of failures, and tells the files', async () => {
    await updateDeviceStatus(paths.deviceStatus, number, {
      reason: 'unlinked',
      userAction: 'link',
      state: 'needs-link',
    });
    await writeFile(paths.restartTally, '{}');
    const restored = await restoreProfile(paths, number, undefined, now);
    expect(restored).toEqual({ name: '20261122T020000Z-unpaired', replaced: undefined, historyProblem: undefined });
    expect(await presentLogin()).toBe('the second');
    expect(await listQuarantined(paths)).toEqual(['20261122T010000Z-unpaired']);
    expect(await names(paths.directory)).not.toContain('restart-tally.json');
    const { status } = await readDeviceStatus(paths.deviceStatus, number);
    expect(status).toMatchObject({
      deviceLinked: true,
      isActive: false,
      state: 'stopped',
      reason: null,
      userAction: null,
    });
    expect((await readSessionHistory(paths.sessionHistory)).entries).toMatchObject([
      { eventType: 'profile_restored', name: '20261122T020000Z-unpaired', replaced: null },
    ]);
  });

  it('sets the present one aside, so that it can be brought back in turn', async () => {
    await putProfile('the present');
    const { replaced } = await restoreProfile(paths, number, '20261122T010000Z-unpaired', now);
    expect(replaced).toBe('20261122T221500Z-replaced');
    expect(await presentLogin()).toBe('the first');
    await restoreProfile(paths, number, replaced, inHour(23));
    expect(await presentLogin()).toBe('the present');
    expect(await listQuarantined(paths)).toHaveLength(2);
  });

  it('never prunes: what was there before is there afterwards, one of them in another place', async () => {
    await putProfile('the third');
    await quarantineProfile(paths, 'unpaired', inHour(3));
    await putProfile('the present');
    await restoreProfile(paths, number, '20261122T010000Z-unpaired', now);
    expect(await presentLogin()).toBe('the first');
    const kept = await listQuarantined(paths);
    expect(await Promise.all(kept.map(loginIn))).toEqual(['the present', 'the third', 'the second']);
  });

  it.each(['20260101T000000Z-unpaired', '../profile', '.', '', '20261122T020000Z-unpaired/login'])(
    'refuses the name "%s", which is none of those in quarantine',
    async (name) => {
      const error = await errorOf(restoreProfile(paths, number, name, now));
      expect(error.exitCode).toBe(64);
      expect(error.remedy).toContain(`restore-profile ${number} --list`);
      expect(await listQuarantined(paths)).toHaveLength(2);
    },
  );

  it('says so when nothing was ever set aside', async () => {
    await rm(paths.quarantine, { recursive: true });
    expect((await errorOf(restoreProfile(paths, number))).message).toContain('nothing in');
  });

  it('undoes the exchange when the rest of it fails', async () => {
    await putProfile('the present');
    const finish = (): Promise<never> => Promise.reject(new Error('no space'));
    await expect(takeFromQuarantine(paths, '20261122T010000Z-unpaired', now, finish)).rejects.toThrow('no space');
    expect(await presentLogin()).toBe('the present');
    expect(await listQuarantined(paths)).toEqual(['20261122T020000Z-unpaired', '20261122T010000Z-unpaired']);
  });

  it('refuses while a living browser has the present one', async () => {
    await putProfile('the present');
    const browser = await startSleeper([`--user-data-dir=${paths.profile}`]);
    try {
      expect((await errorOf(restoreProfile(paths, number, undefined, now))).exitCode).toBe(73);
      expect(await presentLogin()).toBe('the present');
    } finally {
      await browser.end();
    }
  });
});

async function putProfile(text: string): Promise<void> {
  await mkdir(paths.profile, { recursive: true });
  await chmod(paths.profile, 0o700);
  await writeFile(join(paths.profile, 'login'), text);
}

function loginIn(name: string | undefined): Promise<string> {
  return readFile(join(paths.quarantine, name ?? '', 'login'), 'utf8');
}

function presentLogin(): Promise<string> {
  return readFile(join(paths.profile, 'login'), 'utf8');
}

async function names(place: string): Promise<string[]> {
  return (await readdir(place)).sort();
}

/** A process that looks like a browser and does nothing. */
async function startSleeper(words: readonly string[]): Promise<{ pid: number; end: () => Promise<void> }> {
  const script = 'console.log(1); setInterval(() => undefined, 1e6)';
  const sleeper = spawn(process.execPath, ['-e', script, '--', ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(sleeper.stdout, 'data');
  const exited = once(sleeper, 'exit');
  const end = async (): Promise<void> => {
    sleeper.kill('SIGKILL');
    await exited;
  };
  return { pid: sleeper.pid ?? 0, end };
}

async function errorOf(outcome: Promise<unknown>): Promise<WasupError> {
  const error = await outcome.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WasupError);
  return error as WasupError;
}
