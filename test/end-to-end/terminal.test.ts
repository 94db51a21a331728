import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { afterEach, expect, it } from 'vitest';

import { Stage } from '../support/stage.js';
import { inheritedEnvironment } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

/** Of util-linux: gives a program a terminal of its own. */
const script = '/usr/bin/script';
const entry = fileURLToPath(new URL('../../supervisor/index.js', import.meta.url));

let stage: Stage;
afterEach(() => stage.close());

it.runIf(existsSync(script))(
  'a terminal that is closed takes wasup along, in order, and leaves nothing behind',
  async () => {
    stage = await Stage.openAtRest();
    const terminal = spawn(script, ['-qec', `'${process.execPath}' '${entry}'`, '/dev/null'], {
      cwd: stage.workingDirectory,
      env: { ...inheritedEnvironment(), ...stage.environment },
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    await until(async () => ((await stage.status()).isActive ? true : undefined), {
      expectation: () => 'the account to listen in a terminal',
    });
    terminal.kill('SIGKILL');
    await stage.waitUntilNothingRuns(10_000);
    expect(await stage.status()).toMatchObject({
      state: 'stopped',
      isActive: false,
      workerPid: null,
      browserPid: null,
    });
    expect(await stage.locks()).toEqual([]);
  },
);
