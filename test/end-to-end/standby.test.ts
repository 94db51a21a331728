import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ChangingBot } from '../support/changing-bot.js';
import { isAlive } from '../support/processes.js';
import { accountNumber, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';
import { type CommandResult, runWasup } from '../support/wasup-command.js';

const environment = { WASUP_STABLE_AFTER_MS: '0', WASUP_BACKOFF_BASE_MS: '10', WASUP_BACKOFF_CAP_MS: '100' };

describe('a worker on standby', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasup-bot-'));
  const bot = new ChangingBot(folder).says('one');
  let stage: Stage;
  let supervisor: SupervisorProcess;

  beforeAll(async () => {
    const words = { environment: { ...environment, WASUP_BOT: bot.path, WASUP_LOG_LEVEL: 'debug' } };
    ({ stage, supervisor } = await Stage.openLinked({}, words));
  });
  afterAll(async () => {
    await stage.close();
    rmSync(folder, { recursive: true });
  });

  it('takes the place of one that is killed, and is followed by another', async () => {
    const waiting = await standby();
    const before = await stage.waitUntilListening();
    expect(waiting).not.toBe(before.workerPid);
    const { mark } = supervisor;
    process.kill(before.workerPid, 'SIGKILL');
    expect((await stage.waitUntilListening(before)).workerPid).toBe(waiting);
    expect((await stage.ask('!')).body).toBe(`${waiting} says one`);
    expect(await standby(mark)).not.toBe(waiting);
  });

  it('is replaced when it dies, and is no failure of the account', async () => {
    const waiting = await standby();
    const before = await stage.waitUntilListening();
    const { mark } = supervisor;
    process.kill(waiting, 'SIGKILL');
    expect(await standby(mark)).not.toBe(waiting);
    expect(await stage.waitUntilListening()).toMatchObject({ workerPid: before.workerPid });
    expect(supervisor.matching(/WARN|ERROR/, mark)).toEqual([]);
  });

  it('is never promoted with an older bot: not after a change of the file, and not after a reload', async () => {
    const waiting = await standby();
    bot.says('two');
    const before = await stage.waitUntilListening();
    let { mark } = supervisor;
    process.kill(before.workerPid, 'SIGKILL');
    const after = await stage.waitUntilListening(before);
    expect(after.workerPid).not.toBe(waiting);
    expect((await stage.ask('!')).body).toBe(`${after.workerPid} says two`);

    const next = await standby(mark);
    bot.says('three');
    ({ mark } = supervisor);
    expect((await ask('reload')).output).toContain('Handing over to the new version of the bot: +12025550100.');
    const reloaded = await stage.waitUntilListening(after);
    expect(reloaded.workerPid).not.toBe(next);
    expect((await stage.ask('!')).body).toBe(`${reloaded.workerPid} says three`);
    const last = await standby(mark);
    expect([waiting, next].filter(isAlive)).toEqual([]);
    process.kill(reloaded.workerPid, 'SIGKILL');
    expect((await stage.waitUntilListening(reloaded)).workerPid).toBe(last);
    expect((await stage.ask('!')).body).toBe(`${last} says three`);
  });

  it('is given up with one line when the bot can’t be loaded beside itself, and nothing else changes', async () => {
    const before = await stage.waitUntilListening();
    bot.is(`import { createServer } from 'node:net';
      const server = createServer();
      await new Promise((resolve, reject) => server.once('error', reject).listen(${await freePort()}, '127.0.0.1', resolve));
      export default { onMessage: (message, ctx) => ctx.reply(process.pid + ' says four') };`);
    const { mark } = supervisor;
    await ask('reload');
    const after = await stage.waitUntilListening(before);
    expect((await stage.ask('!')).body).toBe(`${after.workerPid} says four`);
    await supervisor.waitForLine(/WARN: No worker waits on standby.*EADDRINUSE/, { from: mark });
    // The same bot asks for nobody else.
    expect((await ask('restart', accountNumber)).output).toContain('Handing over to a new worker');
    const restarted = await stage.waitUntilListening(after);
    expect((await stage.ask('!')).body).toBe(`${restarted.workerPid} says four`);
  });

  function ask(...words: string[]): Promise<CommandResult> {
    return runWasup([...words, `--sessions-dir=${stage.sessionsFolder}`], stage.workingDirectory);
  }

  /** The id of the worker that waits, once one does. */
  async function standby(from = 0): Promise<number> {
    return until(
      () => {
        const said = supervisor.matching(/Worker \d+ waits on standby/, from).at(-1);
        return said === undefined ? undefined : Number(/Worker (\d+)/.exec(said)?.[1]);
      },
      { expectation: () => 'a worker to wait on standby' },
    );
  }
});

it('without one everything works as well', async () => {
  const { stage, supervisor } = await Stage.openLinked({}, { environment: { ...environment, WASUP_STANDBY: '0' } });
  try {
    const before = await stage.waitUntilListening();
    const workers = stage.processes.filter(({ commandLine }) => commandLine.includes('/worker/main.js'));
    expect(workers.map(({ pid }) => pid)).toEqual([before.workerPid]);
    process.kill(before.workerPid, 'SIGKILL');
    expect(await stage.waitUntilListening(before)).toMatchObject({ restoreMode: 'hot' });
    await stage.ask('!ping');
    expect(supervisor.matching(/standby/i)).toEqual([]);
  } finally {
    await stage.close();
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
