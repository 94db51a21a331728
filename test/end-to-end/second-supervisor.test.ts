import { afterAll, beforeAll, expect, it } from 'vitest';

import { isAlive } from '../support/processes.js';
import { type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';

let stage: Stage;
let first: SupervisorProcess;
let status: ListeningStatus;

beforeAll(async () => {
  ({ stage, supervisor: first } = await Stage.openLinked());
  status = await stage.waitUntilListening();
});
afterAll(() => stage.close());

// Elsewhere Chromium's own lock keeps the second browser out.
it.runIf(process.platform === 'linux')(
  'a second supervisor on the same sessions folder says who is there, ends, and takes nothing from the first',
  async () => {
    const mark = first.mark;
    const second = stage.start();
    expect(await second.waitForExit()).toEqual({ code: 73, signal: null });
    expect(second.errorOutput).toMatch(
      new RegExp(`Another supervisor \\(pid ${first.pid}\\) holds ${stage.sessionsFolder}\\..*\\n.*kill ${first.pid}`),
    );
    expect(second.lines).toEqual([]);

    expect(first.isRunning).toBe(true);
    expect([status.browserPid, status.workerPid].map(isAlive)).toEqual([true, true]);
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(first.matching(/WARN|ERROR/, mark)).toEqual([]);
    const { state, isActive, workerPid, browserPid } = await stage.status();
    expect({ state, isActive, workerPid, browserPid }).toEqual({
      state: 'listening',
      isActive: true,
      workerPid: status.workerPid,
      browserPid: status.browserPid,
    });
  },
);

it('neither takes the account of one that is merely stopped, nor keeps it from going on', async () => {
  first.signal('SIGSTOP');
  try {
    const second = stage.start();
    expect(await second.waitForExit()).toEqual({ code: 73, signal: null });
    expect(second.errorOutput).toContain(`pid ${first.pid}`);
    expect(second.lines).toEqual([]);
  } finally {
    first.signal('SIGCONT');
  }
  expect((await stage.ask('!ping')).body).toBe('pong');
});

it('is refused also while the first has no browser that could be found', async () => {
  // It never finds WhatsApp, and goes on trying.
  await first.stop();
  const waiting = stage.start({ environment: { WASUP_BROWSER_ARGS: '["--host-resolver-rules=MAP * ~NOTFOUND"]' } });
  await waiting.waitForLine(/WARN.*Restarting in \d+/);
  const { browserPid } = await stage.waitForStatus(({ browserPid: pid }) => pid !== null, 'a browser');
  process.kill(browserPid ?? 0, 'SIGKILL');
  const second = stage.start();
  expect(await second.waitForExit()).toEqual({ code: 73, signal: null });
  expect(second.errorOutput).toContain(`pid ${waiting.pid}`);
});
