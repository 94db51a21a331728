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
    await second.waitForLine(new RegExp(`ERROR.*Another supervisor \\(pid ${first.pid}\\) holds .*kill ${first.pid}`));
    expect(await second.waitForExit()).toEqual({ code: 73, signal: null });

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
