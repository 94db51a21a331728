import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { isAlive } from '../support/processes.js';
import { type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';

const onLinux = describe.runIf(process.platform === 'linux');

let stage: Stage;
let supervisor: SupervisorProcess;
let before: ListeningStatus;
const strangers: ChildProcess[] = [];

beforeAll(async () => {
  stage = await Stage.openAtRest();
});
afterEach(async () => {
  await stage.stopAll();
  for (const stranger of strangers.splice(0)) if (stranger.kill('SIGKILL')) await once(stranger, 'exit');
});
afterAll(() => stage.close());

async function comeUp(environment: Record<string, string> = {}): Promise<void> {
  supervisor = stage.start({ environment });
  before = await stage.waitUntilListening(before);
}

/** Nobody of the account can do anything any more, also not the thread that watches for the supervisor's death. */
function freeze(): void {
  process.kill(before.workerPid, 'SIGSTOP');
  process.kill(-before.browserPid, 'SIGSTOP');
}

function recordsPath(): string {
  return join(stage.paths.directory, 'processes.json');
}

onLinux('the start after a supervisor that was killed', () => {
  beforeAll(() => void (before = { ...before, workerPid: 0 }));

  it.each<[string, () => Promise<unknown>]>([
    ['', () => Promise.resolve()],
    [', whose list of processes is missing', () => rm(recordsPath())],
    [', whose list of processes is damaged', () => writeFile(recordsPath(), '[{"role":"wor')],
  ])('ends a worker and a browser that were stopped meanwhile, and restores the session%s', async (_what, befall) => {
    await comeUp();
    const orphans = before;
    freeze();
    await supervisor.stop('SIGKILL');
    await befall();
    expect([orphans.workerPid, orphans.browserPid].map(isAlive)).toEqual([true, true]);

    await comeUp();
    expect([orphans.workerPid, orphans.browserPid].map(isAlive)).toEqual([false, false]);
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(supervisor.matching(/SCAN QR CODE/)).toEqual([]);
  });

  it('leaves a process alone that has the number of one of ours, and started at another time', async () => {
    await comeUp();
    const [noted] = JSON.parse(await readFile(recordsPath(), 'utf8')) as object[];
    await supervisor.stop();
    expect(JSON.parse(await readFile(recordsPath(), 'utf8'))).toEqual([]);
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      stdio: 'ignore',
      detached: true,
    });
    strangers.push(stranger);
    const reused = ['worker', 'browser'].map((role) => ({ ...noted, role, pid: stranger.pid, startTime: 1 }));
    await writeFile(recordsPath(), JSON.stringify(reused));
    await comeUp();
    expect(stranger.signalCode).toBeNull();
    expect(isAlive(stranger.pid ?? 0)).toBe(true);
  });
});

onLinux('with a worker and a browser that hang', () => {
  it('one signal ends everything within the time for a stop, and leaves no lock', async () => {
    await comeUp({ WASUP_STOP_TIMEOUT_MS: '12000' });
    freeze();
    const begin = performance.now();
    expect(await supervisor.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    // Not a matter of speed: this is the bound that is promised, and the process' own end.
    expect(performance.now() - begin).toBeLessThan(13_000);
    expect(stage.leftBehind).toEqual([]);
    expect(await stage.locks()).toEqual([]);
    expect(await stage.status()).toMatchObject({ isActive: false, workerPid: null, browserPid: null });
  });

  it('a second signal ends everything at once, their helpers too', async () => {
    await comeUp({ WASUP_STOP_TIMEOUT_MS: '40000' });
    freeze();
    supervisor.signal('SIGTERM');
    await supervisor.waitForLine(/SIGTERM: stopping/);
    const begin = performance.now();
    expect(await supervisor.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    // The first step of a patient stop alone would be 14 s.
    expect(performance.now() - begin).toBeLessThan(12_000);
    expect(stage.leftBehind).toEqual([]);
    expect(await stage.locks()).toEqual([]);
  });
});
