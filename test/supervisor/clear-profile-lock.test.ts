import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { BrowserProcess } from '../../supervisor/browser/browser-process.js';
import { clearProfileLock, parseProfileLock } from '../../supervisor/browser/clear-profile-lock.js';
import { isAlive } from '../support/processes.js';
import { BrowserFolder, chromiumPath } from '../support/real-browser.js';
import { visit } from '../support/visit.js';
import { until } from '../support/until.js';

describe('a lock of Chromium', () => {
  it.each([
    ['host-12', { host: 'host', pid: 12 }],
    ['web-1.example.org-4711', { host: 'web-1.example.org', pid: 4711 }],
    ['host-', undefined],
    ['host-0', undefined],
    ['-12', undefined],
    ['host', undefined],
    ['', undefined],
  ])('"%s" is read', (target, lock) => {
    expect(parseProfileLock(target)).toEqual(lock);
  });
});

describe.runIf(process.platform === 'linux')('before a browser starts, a lock', () => {
  let folder: BrowserFolder;
  let others: ChildProcess[];
  let news: string[];
  beforeEach(async () => {
    folder = await BrowserFolder.create();
    others = [];
    news = [];
    await mkdir(folder.profile, { recursive: true });
  });
  afterEach(async () => {
    await Promise.all(
      others.map(async (other) => {
        if (other.exitCode === null && other.signalCode === null && other.kill('SIGKILL')) await once(other, 'exit');
      }),
    );
    await folder.remove();
  });

  it('of another machine is removed, which is said, and the login is kept', async () => {
    const first = await start();
    expect(await visit(first, folder.path)).toBe('kept: undefined');
    await first.stop({ timeoutMs: 10_000 });
    await lockedBy('another-machine-4711');
    await symlink('1234567890', join(folder.profile, 'SingletonCookie'));
    await symlink('/tmp/nowhere/SingletonSocket', join(folder.profile, 'SingletonSocket'));

    const second = await start();
    expect(news).toEqual([expect.stringMatching(/lock of another machine \(another-machine-4711\).*removed/)]);
    expect(await visit(second, folder.path)).toBe('kept: a login');
  });

  it('of another machine with the number of a browser of this one costs that browser nothing', async () => {
    const neighbour = await startNeighbour();
    await lockedBy(`another-machine-${neighbour.pid ?? 0}`);
    await start();
    expect(news).toHaveLength(1);
    expect(isAlive(neighbour.pid ?? 0)).toBe(true);
  });

  it('of this machine whose number another account’s browser has by now is removed; Chromium would kill that one', async () => {
    const neighbour = await startNeighbour();
    await lockedBy(`${hostname()}-${neighbour.pid ?? 0}`);
    await start();
    expect(news).toEqual([expect.stringMatching(new RegExp(`process ${neighbour.pid ?? 0}, which is another one`))]);
    expect(isAlive(neighbour.pid ?? 0)).toBe(true);
  });

  it('of this machine whose process is gone is left to Chromium, which starts', async () => {
    const gone = spawn(process.execPath, ['-e', '']);
    await once(gone, 'exit');
    await lockedBy(`${hostname()}-${gone.pid ?? 0}`);
    await start();
    expect(news).toEqual([]);
  });

  it('of a living browser on the profile stays, whatever host it names', async () => {
    const browser = await start();
    await expect(clear('another-name')).rejects.toMatchObject({
      failure: 'profile-in-use',
      message: expect.stringContaining(`Process ${browser.pid}`) as string,
    });
    await expect(clear()).rejects.toMatchObject({ failure: 'profile-in-use' });
    expect(singletons()).toHaveLength(3);
    expect(news).toEqual([]);
  });

  it.each(['rubbish', 'host-0'])('that says "%s" is left to Chromium', async (target) => {
    await lockedBy(target);
    await clear();
    expect(singletons()).toEqual(['SingletonLock']);
    expect(news).toEqual([]);
  });

  it('that is not there is nothing to do', async () => {
    await clear();
    expect(news).toEqual([]);
  });

  function start(): Promise<BrowserProcess> {
    return folder.start({ onNews: (sentence) => news.push(sentence) });
  }

  function clear(ownHost?: string): Promise<void> {
    return clearProfileLock(folder.profile, (sentence) => news.push(sentence), ownHost);
  }

  function lockedBy(target: string): Promise<void> {
    return symlink(target, join(folder.profile, 'SingletonLock'));
  }

  /** A browser on a profile of its own, as another account has it. */
  async function startNeighbour(): Promise<ChildProcess> {
    const profile = join(folder.path, 'neighbour');
    const words = folder.arguments
      .filter((word) => word !== '--remote-debugging-pipe')
      .map((word) => (word.startsWith('--user-data-dir=') ? `--user-data-dir=${profile}` : word));
    const neighbour = spawn(chromiumPath(), words, { stdio: 'ignore', env: folder.options.environment });
    others.push(neighbour);
    await until(() => (singletons(profile).length === 3 ? true : undefined), { expectation: () => 'the neighbour' });
    return neighbour;
  }

  function singletons(profile = folder.profile): string[] {
    try {
      return readdirSync(profile).filter((name) => name.startsWith('Singleton'));
    } catch {
      return [];
    }
  }
});
