import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { afterEach, expect, it } from 'vitest';

import { isSupervisorStopped } from '../../worker/is-supervisor-stopped.js';
import { until } from '../support/until.js';

const sleeper = spawn('sleep', ['1000'], { stdio: 'ignore' });
afterEach(async () => {
  sleeper.kill('SIGKILL');
  await once(sleeper, 'exit');
});

it.runIf(process.platform === 'linux')('knows a process that was stopped from one that runs or has gone', async () => {
  const pid = sleeper.pid ?? 0;
  expect(isSupervisorStopped(pid)).toBe(false);
  sleeper.kill('SIGSTOP');
  await until(() => isSupervisorStopped(pid) || undefined, { expectation: () => 'the stop to be seen' });
  sleeper.kill('SIGCONT');
  await until(() => !isSupervisorStopped(pid) || undefined, { expectation: () => 'the end of the stop to be seen' });
  expect(isSupervisorStopped(2 ** 30)).toBe(false);
});
