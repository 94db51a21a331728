import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Pm2 } from '../support/pm2.js';
import { isAlive } from '../support/processes.js';
import { type ListeningStatus, Stage } from '../support/stage.js';
import { until } from '../support/until.js';

/** Each command of pm2 is a Node process of its own; a story has many. */
const storyTimeoutMs = 360_000;

// The real pm2 from node_modules, with a daemon for each test, and the real ecosystem.config.cjs.
describe('under pm2, a linked account', () => {
  let stage: Stage;
  let pm2: Pm2;

  beforeAll(async () => {
    stage = await Stage.openAtRest();
  });
  beforeEach(async () => {
    pm2 = await Pm2.open();
  });
  afterEach(() => pm2.close());
  afterAll(() => stage.close());

  it(
    'is online when it listens, comes back after every death and restart, and is gone after a stop',
    { timeout: storyTimeoutMs },
    async () => {
      const { qrRefsServed } = stage.sandbox.counters;
      const started = await pm2.start(stage.environment);
      const first = await listeningNow();
      expect(started).toMatchObject({ status: 'online', restarts: 0 });

      // The worker's death is wasup's business; pm2 doesn't notice.
      process.kill(first.workerPid, 'SIGKILL');
      const second = await listeningAfter(first);
      expect(second.browserPid).toBe(first.browserPid);
      expect(await pm2.app()).toMatchObject({ pid: started.pid, status: 'online', restarts: 0 });

      // The supervisor's death is pm2's. Worker and browser leave by themselves.
      process.kill(started.pid, 'SIGKILL');
      const third = await listeningAfter(second);
      expect([second.workerPid, second.browserPid].filter(isAlive)).toEqual([]);
      expect(await pm2.waitForApp(({ status }) => status === 'online', 'wasup to be online')).toMatchObject({
        restarts: 1,
      });

      // Each of these comes back when the session listens, and has left nothing of the life before.
      let before = third;
      for (const word of ['restart', 'reload']) {
        await pm2.run([word, 'wasup']);
        const after = await listeningNow();
        expect([before.workerPid, before.browserPid].filter(isAlive)).toEqual([]);
        before = after;
      }
      expect(await pm2.app()).toMatchObject({ status: 'online', restarts: 3 });

      // A SIGINT by hand is a clean end, and for pm2 an end like any other.
      process.kill((await pm2.app()).pid, 'SIGINT');
      const last = await listeningAfter(before);
      const running = await pm2.waitForApp(({ status }) => status === 'online', 'wasup to be online');
      expect(running).toMatchObject({ exitCode: 0, restarts: 4 });
      expect((await stage.ask('!ping')).body).toBe('pong');

      await pm2.run(['stop', 'wasup']);
      expect([running.pid, last.workerPid, last.browserPid].filter(isAlive)).toEqual([]);
      expect(stage.leftBehind).toEqual([]);
      expect(await stage.locks()).toEqual([]);
      expect(await stage.status()).toMatchObject({ state: 'stopped', isActive: false, deviceLinked: true });
      expect(await pm2.app()).toMatchObject({ pid: 0, status: 'stopped' });
      expect(stage.sandbox.counters.qrRefsServed).toBe(qrRefsServed);
    },
  );

  it(
    'goes on working when the daemon is killed, keeps the copy of the next daemon away, and is taken over by it in the end',
    { timeout: storyTimeoutMs },
    async () => {
      const first = await pm2.start(stage.environment);
      const before = await listeningNow();
      await pm2.run(['save']);
      pm2.killDaemon();
      await pm2.startDaemon(['resurrect']);

      const second = await pm2.waitForApp(({ exitCode }) => exitCode === 73, 'the copy to end with 73');
      expect(second.pid).not.toBe(first.pid);
      expect(await pm2.log()).toMatch(new RegExp(`Another supervisor \\(pid ${first.pid}\\)`));
      // Nobody reads what the first says any more. It doesn't mind.
      expect((await stage.ask('!ping')).body).toBe('pong');
      expect([first.pid, before.workerPid, before.browserPid].map(isAlive)).toEqual([true, true, true]);

      process.kill(first.pid, 'SIGTERM');
      await listeningAfter(before);
      expect(await pm2.waitForApp(({ status }) => status === 'online', 'the copy to be online')).not.toMatchObject({
        pid: first.pid,
      });
      expect(isAlive(first.pid)).toBe(false);
      expect((await stage.ask('!ping')).body).toBe('pong');
      await pm2.run(['stop', 'wasup']);
      expect(stage.leftBehind).toEqual([]);
    },
  );

  it('is left alone when its configuration is broken, until it is mended', { timeout: storyTimeoutMs }, async () => {
    // pm2 7.0.4 shows "waiting restart" for ever then: with pauses configured, it notes the state before it looks at the exit code.
    // The pid tells what it really means to do.
    const broken = await pm2.start({ ...stage.environment, WASUP_ACCOUNTS: 'my number' });
    expect(broken).toMatchObject({ pid: 0, restarts: 0, exitCode: 78 });
    expect(await pm2.log()).toMatch(/What to do: /);

    expect(await pm2.start(stage.environment)).toMatchObject({ status: 'online' });
    await listeningNow();
    await pm2.run(['stop', 'wasup']);
  });

  /** The supervisor knows at once; the file says so when the disk has it. */
  async function listeningNow(): Promise<ListeningStatus> {
    expect(await readiness()).toBe(200);
    return listeningAfter(undefined);
  }

  async function readiness(): Promise<number | undefined> {
    const asked = request({
      socketPath: join(stage.sessionsFolder, '.wasup.sock'),
      path: '/readyz',
      agent: false,
    }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  }

  async function listeningAfter(before: ListeningStatus | undefined): Promise<ListeningStatus> {
    return until(
      async () => {
        const status = await stage.status();
        const isBack = status.isActive && status.state === 'listening' && status.workerPid !== before?.workerPid;
        return isBack ? (status as ListeningStatus) : undefined;
      },
      { expectation: () => `the session to listen, in another worker than ${before?.workerPid ?? 'none'}` },
    );
  }
});
