import { symlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type SleepingStranger, startStranger } from '../support/sleeping-stranger.js';
import { findRenderer, isAlive } from '../support/processes.js';
import { accountNumber, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';

/** Longer than a busy machine keeps anybody waiting, shorter than the patience of whoever runs the tests. */
const watchdog = {
  WASUP_HEARTBEAT_INTERVAL_MS: '500',
  WASUP_HEARTBEAT_TIMEOUT_MS: '3000',
  WASUP_PROBE_INTERVAL_MS: '1000',
  WASUP_PROBE_TIMEOUT_MS: '1000',
};

const onLinux = describe.runIf(process.platform === 'linux');

onLinux('a session that listens, with its login and no code, comes back and answers', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let before: ListeningStatus;
  let mark: number;
  let links: number;

  beforeAll(async () => {
    ({ stage, supervisor } = await Stage.openLinked({}, { environment: watchdog }));
    await stage.ask('!ping');
  });
  beforeEach(async () => {
    before = await stage.waitUntilListening();
    mark = supervisor.mark;
    ({ links } = stage.phone.status);
  });
  afterEach(async () => {
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(supervisor.matching(/SCAN QR CODE/, mark)).toEqual([]);
    expect(stage.phone.status.links).toBe(links);
  });
  afterAll(() => stage.close());

  it('when the renderer of its page is killed', async () => {
    const renderer = findRenderer(before.browserPid);
    process.kill(renderer, 'SIGKILL');
    await supervisor.waitForLine(/The page crashed.*Restarting now/, { from: mark });
    await stage.waitUntilListening(before);
    expect(isAlive(renderer)).toBe(false);
  });

  it('in the same browser when the renderer of its page stands still', async () => {
    process.kill(findRenderer(before.browserPid), 'SIGSTOP');
    await supervisor.waitForLine(/The page has not answered.*Restarting now/, { from: mark });
    const { browserPid } = await stage.waitUntilListening(before);
    expect(browserPid).toBe(before.browserPid);
  });

  it('in a fresh browser when the browser stands still with all its helpers', async () => {
    process.kill(-before.browserPid, 'SIGSTOP');
    await supervisor.waitForLine(/The browser has not answered for 2000 ms/, { from: mark });
    const after = await stage.waitUntilListening(before);
    expect(after.browserPid).not.toBe(before.browserPid);
    expect(isAlive(before.browserPid)).toBe(false);
  });

  it('in a fresh browser when browser and worker stand still at the same time', async () => {
    process.kill(before.workerPid, 'SIGSTOP');
    process.kill(-before.browserPid, 'SIGSTOP');
    const after = await stage.waitUntilListening(before);
    expect(after.browserPid).not.toBe(before.browserPid);
    expect([before.workerPid, before.browserPid].filter(isAlive)).toEqual([]);
  });
});

onLinux('a login that was made a moment ago', () => {
  let stage: Stage;

  afterEach(() => stage.close());

  it('is kept when its browser outlives a killed supervisor: the next start has it saved before it goes', async () => {
    let supervisor: SupervisorProcess;
    ({ stage, supervisor } = await Stage.openLinked());
    const before = await stage.waitUntilListening();
    process.kill(before.workerPid, 'SIGSTOP');
    process.kill(-before.browserPid, 'SIGSTOP');
    await supervisor.stop('SIGKILL');
    expect([before.workerPid, before.browserPid].map(isAlive)).toEqual([true, true]);

    supervisor = stage.start();
    await stage.waitUntilListening(before);
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(stage.phone.status.links).toBe(1);
    expect(supervisor.matching(/SCAN QR CODE|ERROR/)).toEqual([]);
    expect([before.workerPid, before.browserPid].filter(isAlive)).toEqual([]);
  });
});

onLinux('a profile with a lock of Chromium’s on it', () => {
  let stage: Stage;
  let stranger: SleepingStranger;

  beforeAll(async () => {
    stranger = await startStranger();
    stage = await Stage.openAtRest();
  });
  beforeEach(() => stage.stopAll());
  afterAll(async () => {
    await stranger.end();
    await stage.close();
  });

  it.each([
    ['another machine', () => 'another-machine-4711', /lock of another machine \(another-machine-4711\)/],
    [
      'a number that a living stranger has by now',
      () => `${hostname()}-${stranger.pid}`,
      /lock of process \d+, which is another one by now/,
    ],
  ])('of %s comes up on its login, and nobody is ended for it', async (_whose, target, says) => {
    await symlink(target(), join(stage.paths.profile, 'SingletonLock'));
    const supervisor = stage.start();
    await supervisor.waitForLine(says);
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(isAlive(stranger.pid)).toBe(true);
    expect(stage.phone.status).toMatchObject({ number: accountNumber, links: 0 });
  });
});
