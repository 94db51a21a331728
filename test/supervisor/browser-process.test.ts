import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WasupError } from '../../shared/errors.js';
import { BrowserStartError, browserStartError } from '../../supervisor/browser/browser-start-error.js';
import { findBrowserProcesses } from '../../supervisor/browser/profile-processes.js';
import { chromiumPath, BrowserFolder } from '../support/real-browser.js';
import { isAlive } from '../support/processes.js';
import { until } from '../support/until.js';

const onLinux = it.runIf(process.platform === 'linux');
const stubborn = fileURLToPath(new URL('fixtures/stubborn-browser.js', import.meta.url));
const slow = fileURLToPath(new URL('fixtures/slow-browser.js', import.meta.url));

let folder: BrowserFolder;
beforeEach(async () => {
  folder = await BrowserFolder.create();
});
afterEach(() => folder.remove());

describe('a browser that was started', () => {
  it('answers over its pipe, leads its own process group, and offers no port', async () => {
    const browser = await folder.start();
    expect(browser.version).toMatch(/^\w+\/\d+\./);
    expect(await browser.switchboard.send('Browser.getVersion')).toMatchObject({ product: browser.version });
    expect(existsSync(join(folder.profile, 'DevToolsActivePort'))).toBe(false);
    if (process.platform !== 'linux') return;
    // Debian's /usr/bin/chromium is a script that becomes the browser.
    expect(readFileSync(`/proc/${browser.pid}/cmdline`, 'utf8').split('\0')).toContain('--remote-debugging-pipe');
    expect((await findBrowserProcesses(folder.profile, browser.pid))?.main).toEqual([browser.pid]);
    expect((await findBrowserProcesses(folder.profile, browser.pid))?.group).toContain(browser.pid);
    expect(listeningPorts(browser.pid)).toEqual([]);
  });

  it('writes its complaints to a file that only its user can read, emptied at the start', async () => {
    await writeFile(folder.log, 'of the last life', { mode: 0o644 });
    await folder.start();
    expect((await stat(folder.log)).mode & 0o777).toBe(0o600);
    expect(await readFile(folder.log, 'utf8')).not.toContain('of the last life');
  });

  it('leaves nothing behind when it is stopped: no process, no lock', async () => {
    const browser = await folder.start();
    expect(await browser.stop({ timeoutMs: 10_000 })).toEqual({ how: 'closed' });
    expect(await browser.exited).toEqual({ code: 0, signal: null });
    await expectGone(browser.pid);
    expect(singletons()).toEqual([]);
  });

  it('can be stopped twice, and after it has gone', async () => {
    const browser = await folder.start();
    const both = [browser.stop({ timeoutMs: 10_000 }), browser.stop({ timeoutMs: 10_000 })];
    expect(await Promise.all(both)).toEqual([{ how: 'closed' }, { how: 'closed' }]);
    expect(await browser.stop({ timeoutMs: 10_000 })).toEqual({ how: 'closed' });
  });

  it('that crashes ends its pipe, and everything with it', async () => {
    const browser = await folder.start();
    process.kill(browser.pid, 'SIGKILL');
    expect(await browser.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await until(() => browser.switchboard.closed || undefined, { expectation: () => 'word of the closed pipe' });
    await expect(browser.switchboard.send('Browser.getVersion')).rejects.toThrow();
    await expectGone(browser.pid);
  });

  it('that crashes leaves no lock, also if no other browser follows', async () => {
    const browser = await folder.start();
    expect(singletons()).toHaveLength(3);
    process.kill(browser.pid, 'SIGKILL');
    await until(() => (singletons().length === 0 ? true : undefined), { expectation: () => 'the lock to be gone' });
  });
});

describe('stopping', () => {
  it('ends a browser that was frozen in time, and lets it save what it has', async () => {
    const browser = await folder.start();
    process.kill(-browser.pid, 'SIGSTOP');
    const begin = performance.now();
    expect(await browser.stop({ timeoutMs: 4_000 })).toEqual({ how: 'closed' });
    expect(performance.now() - begin).toBeLessThan(5_000);
    await expectGone(browser.pid);
    expect(singletons()).toEqual([]);
  });

  it('tells those to go on, too, that were stopped after the rest: a frozen browser can have been forking', async () => {
    const browser = await startSlow('--with-stopped-helper');
    expect(await browser.stop({ timeoutMs: 10_000 })).toEqual({ how: 'closed' });
    expect(await browser.exited).toEqual({ code: 0, signal: null });
  });

  it('lets a browser that has closed its pipe save what it has, for as long as it was given', async () => {
    const browser = await startSlow();
    const first = browser.stop({ timeoutMs: 20_000 });
    await until(() => browser.switchboard.closed || undefined, { expectation: () => 'the closed pipe' });
    // One that comes later can't ask any more, and needs not.
    const second = browser.stop({ timeoutMs: 20_000 });
    expect(await Promise.all([first, second])).toEqual([{ how: 'closed' }, { how: 'closed' }]);
    expect(await browser.exited).toEqual({ code: 0, signal: null });
  });

  it('kills a frozen browser at once when there is no time, and leaves no lock', async () => {
    const browser = await folder.start();
    process.kill(-browser.pid, 'SIGSTOP');
    const begin = performance.now();
    expect(await browser.stop({ timeoutMs: 0 })).toEqual({ how: 'killed' });
    expect(performance.now() - begin).toBeLessThan(2_000);
    await expectGone(browser.pid);
    expect(singletons()).toEqual([]);
  });

  it('kills a browser that neither leaves when asked nor by SIGTERM', async () => {
    const browser = await startStubborn();
    const begin = performance.now();
    expect(await browser.stop({ timeoutMs: 1_000 })).toEqual({ how: 'killed' });
    expect(performance.now() - begin).toBeLessThan(2_500);
    await expectGone(browser.pid);
  });

  it('goes straight to the kill when there is no time, also while another stop is patient', async () => {
    const browser = await startStubborn();
    const patient = browser.stop({ timeoutMs: 60_000 });
    const begin = performance.now();
    expect(await browser.stop({ timeoutMs: 0 })).toEqual({ how: 'killed' });
    expect(await patient).toEqual({ how: 'killed' });
    expect(performance.now() - begin).toBeLessThan(3_000);
  });

  onLinux('sweeps up what has left the process group, and nobody else', async () => {
    const browser = await startStubborn('--with-stray');
    const strays = await until(
      async () => {
        const found = (await findBrowserProcesses(folder.profile))?.profile ?? [];
        return found.length === 2 ? found : undefined;
      },
      { expectation: () => 'the browser and its stray helper' },
    );
    const neighbour = await until(
      async () => (await findBrowserProcesses(`${folder.profile}-of-somebody-else`))?.profile[0],
      { expectation: () => 'the neighbour' },
    );
    await browser.stop({ timeoutMs: 1_000 });
    for (const pid of strays) expect(isAlive(pid)).toBe(false);
    expect(isAlive(neighbour)).toBe(true);
    process.kill(neighbour, 'SIGKILL');
  });
});

describe('starting on a profile', () => {
  it('waits for the stop of the browser before, and is not hit by it', async () => {
    const first = await folder.start();
    const stopped = first.stop({ timeoutMs: 10_000 });
    const second = await folder.start();
    expect(await stopped).toEqual({ how: 'closed' });
    await first.stop({ timeoutMs: 10_000 });
    await expect(second.switchboard.send('Browser.getVersion')).resolves.toBeDefined();
  });

  onLinux('ends a browser that an earlier life left there, cleanly', async () => {
    const leftover = spawn(
      chromiumPath(),
      folder.arguments.filter((argument) => argument !== '--remote-debugging-pipe'),
      {
        detached: true,
        stdio: 'ignore',
        env: folder.options.environment,
      },
    );
    const exit = new Promise((resolve) => leftover.once('exit', (code, signal) => resolve(signal ?? code)));
    await until(() => (singletons().length === 3 ? true : undefined), { expectation: () => 'its lock' });
    const browser = await folder.start();
    expect(await exit).not.toBe('SIGKILL');
    expect(readLock()).toBe(`${hostname()}-${browser.pid}`);
  });

  onLinux(
    'ends one that an earlier life left there stopped, and that spells the profile in another way, cleanly',
    async () => {
      await mkdir(folder.profile);
      const link = join(folder.path, 'link');
      await symlink(folder.path, link);
      // Whoever has its pipe leaves with it; this one has none.
      const words = folder.arguments
        .filter((argument) => argument !== '--remote-debugging-pipe')
        .map((argument) => argument.replace(folder.profile, `${link}/profile/`));
      const leftover = spawn(chromiumPath(), words, {
        detached: true,
        stdio: 'ignore',
        env: folder.options.environment,
      });
      const exit = new Promise((resolve) => leftover.once('exit', (code, signal) => resolve(signal ?? code)));
      await until(() => (singletons().length === 3 ? true : undefined), { expectation: () => 'its lock' });
      process.kill(-(leftover.pid ?? 0), 'SIGSTOP');
      const browser = await folder.start();
      expect(await exit).not.toBe('SIGKILL');
      expect(readLock()).toBe(`${hostname()}-${browser.pid}`);
    },
  );

  onLinux('can be called off while it waits for one that is still there', async () => {
    const leftover = spawn(process.execPath, [stubborn, `--user-data-dir=${folder.profile}`], { stdio: 'ignore' });
    await until(async () => (await findBrowserProcesses(folder.profile))?.main[0], {
      expectation: () => 'the leftover',
    });
    const calling = new AbortController();
    const start = folder.start({ signal: calling.signal });
    calling.abort(new Error('called off'));
    await expect(start).rejects.toThrow('called off');
    expect(isAlive(leftover.pid ?? 0)).toBe(true);
    leftover.kill('SIGKILL');
  });

  it('tells of the process at once, so that one that never answers can be stopped', async () => {
    const begin = performance.now();
    const start = startFailure({
      executablePath: process.execPath,
      arguments: ['-e', 'setInterval(() => {}, 1000)', '--', `--user-data-dir=${folder.profile}`],
      onSpawned: ({ stop }) => void stop({ timeoutMs: 0 }),
    });
    expect((await start).message).toContain('SIGKILL');
    expect(performance.now() - begin).toBeLessThan(10_000);
  });

  onLinux('leaves the browser of another supervisor alone, and says who holds the profile', async () => {
    const holder = holdBrowser();
    const pid = (await holder.getOneMessage()) as number;
    const error = await startFailure();
    expect(error).toMatchObject({ failure: 'profile-held', failureClass: 'CONFIGURATION', exitCode: 73 });
    expect(error.message).toContain(`pid ${holder.pid ?? ''}`);
    expect(error.remedy).toContain(`kill ${holder.pid ?? ''}`);
    expect(readLock()).toBe(`${hostname()}-${pid}`);
    expect(isAlive(pid)).toBe(true);
    holder.kill('SIGKILL');
    await holder;
    await folder.start();
  });

  it('of a supervisor that was killed finds nobody within two seconds, and no lock', async () => {
    const holder = holdBrowser();
    const pid = (await holder.getOneMessage()) as number;
    expect(isAlive(pid)).toBe(true);
    holder.kill('SIGKILL');
    await holder;
    const begin = performance.now();
    await expectGone(pid);
    expect(performance.now() - begin).toBeLessThan(2_000);
    expect(singletons()).toEqual([]);
  });
});

describe('a browser that does not start', () => {
  it('because it is not there', async () => {
    const error = await startFailure({ executablePath: '/nowhere/chromium' });
    expect(error).toMatchObject({ failure: 'executable-missing', failureClass: 'LOCAL' });
    expect(error.message).toContain('/nowhere/chromium');
    expect(error.remedy).toContain('PUPPETEER_EXECUTABLE_PATH');
  });

  it.each([
    ['a folder', (path: string) => mkdir(path), 'Move that folder away.'],
    ['a link', (path: string) => symlink('/dev/null', path), 'Remove that link.'],
  ])('because %s is where its log should be', async (_what, make, remedy) => {
    await make(folder.log);
    const error: unknown = await folder.start().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WasupError);
    expect(error).toMatchObject({ message: expect.stringContaining(folder.log) as string, remedy });
  });

  it('because it may not be run', async () => {
    await writeFile(join(folder.path, 'no-program'), '', { mode: 0o600 });
    const error = await startFailure({ executablePath: join(folder.path, 'no-program') });
    expect(error.failure).toBe('executable-unusable');
  });

  it.runIf(process.getuid?.() === 0)('because root has no sandbox: quotes what it said', async () => {
    const withSandbox = folder.arguments.filter((argument) => argument !== '--no-sandbox');
    const error = await startFailure({ arguments: withSandbox });
    expect(error.failure).toBe('sandbox-unusable');
    expect(error.message).toContain('Running as root without --no-sandbox is not supported');
    expect(error.message).toContain(folder.log);
  });

  it('because it never answers: it is gone when the error comes', async () => {
    const silent = ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)', '--'];
    const error = await startFailure({
      executablePath: process.execPath,
      arguments: [...silent, `--user-data-dir=${folder.profile}`],
      startTimeoutMs: 300,
    });
    expect(error.failure).toBe('timeout');
    expect(error.remedy).toContain('WASUP_BROWSER_START_TIMEOUT_MS');
    expect(error.message).toContain('300 ms');
    expect((await findBrowserProcesses(folder.profile))?.profile ?? []).toEqual([]);
  });

  it.each([
    [
      'library-missing',
      127,
      'chromium: error while loading shared libraries: libnss3.so: cannot open shared object file',
    ],
    ['disk-full', 1, 'ERROR: Failed to write: No space left on device (28)'],
    ['not-permitted', 21, 'Failed to create /data/profile/SingletonLock: Permission denied (13)'],
    ['sandbox-unusable', null, 'FATAL: No usable sandbox! If you are running on Ubuntu 23.10+ …'],
    ['profile-in-use', 21, 'Failed to create a ProcessSingleton for your profile directory.'],
    ['unknown', 1, 'Something that nobody has seen before'],
  ] as const)('is diagnosed as %s', (failure, code, logTail) => {
    const error = browserStartError({
      executablePath: '/usr/bin/chromium',
      logPath: '/data/browser.log',
      logTail: `[1:1:ERROR:dbus/bus.cc:405] Failed to connect to the bus: x\n${logTail}\n`,
      exit: { code, signal: code === null ? 'SIGTRAP' : null },
      startTimeoutMs: 1_000,
    });
    expect(error.failure).toBe(failure);
    expect(error.message).toContain(logTail);
    expect(error.message).not.toContain('dbus');
    expect(error.remedy).not.toBe('');
  });
});

function startStubborn(...words: string[]) {
  return folder.start({
    executablePath: process.execPath,
    arguments: [stubborn, `--user-data-dir=${folder.profile}`, ...words],
  });
}

/** A process of its own that starts a browser in the folder, and says its id. */
function holdBrowser() {
  const fixture = fileURLToPath(new URL('fixtures/browser-holder.ts', import.meta.url));
  return execa(process.execPath, ['--import', 'tsx', fixture, JSON.stringify(folder.options)], {
    ipc: true,
    buffer: false,
    reject: false,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

function startSlow(...words: string[]) {
  return folder.start({
    executablePath: process.execPath,
    arguments: [slow, `--user-data-dir=${folder.profile}`, ...words],
  });
}

async function startFailure(options: Parameters<BrowserFolder['start']>[0] = {}): Promise<BrowserStartError> {
  const error: unknown = await folder.start(options).catch((thrown: unknown) => thrown);
  if (!(error instanceof BrowserStartError)) throw new Error('It has started.', { cause: error });
  return error;
}

async function expectGone(pid: number): Promise<void> {
  await until(
    async () => {
      const found = await findBrowserProcesses(folder.profile, pid);
      const anybody = isAlive(pid) || (found !== undefined && found.group.length + found.profile.length > 0);
      return anybody ? undefined : true;
    },
    { expectation: () => `the end of browser ${pid}` },
  );
}

function singletons(): string[] {
  if (!existsSync(folder.profile)) return [];
  return readdirSync(folder.profile).filter((name) => name.startsWith('Singleton'));
}

/** What Chromium's lock says: host and process id. */
function readLock(): string {
  return readlinkSync(join(folder.profile, 'SingletonLock'));
}

/** TCP ports that this process listens on. */
function listeningPorts(pid: number): string[] {
  const sockets = new Set(readdirSync(`/proc/${pid}/fd`).map((descriptor) => linkOf(`/proc/${pid}/fd/${descriptor}`)));
  const rows = ['tcp', 'tcp6'].flatMap((table) => readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1));
  return rows.filter((row) => {
    const [, , , state, , , , , , inode = ''] = row.trim().split(/\s+/);
    return state === '0A' && sockets.has(`socket:[${inode}]`);
  });
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
