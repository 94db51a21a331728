import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ChangingBot } from '../support/changing-bot.js';
import { isAlive } from '../support/processes.js';
import { accountNumber, contactNumber, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';
import { runWasup } from '../support/wasup-command.js';

describe('a planned restart of a session that listens', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasup-bot-'));
  const bot = new ChangingBot(folder);
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let before: ListeningStatus;
  let mark: number;
  let pageLoads: number;

  beforeAll(async () => {
    bot.says('hello');
    const environment = { WASUP_BOT: bot.path, WASUP_STOP_TIMEOUT_MS: '6000' };
    ({ stage, supervisor } = await Stage.openLinked({}, { environment }));
    await stage.ask('!');
  });
  beforeEach(async () => {
    before = await stage.waitUntilListening();
    ({ mark } = supervisor);
    ({ pageLoads } = stage.phone.status);
  });
  afterAll(async () => {
    expect(stage.phone.status.linked).toBe(true);
    await stage.close();
    rmSync(folder, { recursive: true });
  });

  it('answers each message once, whichever of the two it reaches, and leaves the page as it is', async () => {
    bot.says('new');
    const ids: string[] = [];
    const send = async (): Promise<void> =>
      void ids.push((await stage.phone.receiveText({ from: contactNumber, body: `${ids.length}` })).id);
    await restart();
    const after = stage.waitUntilListening(before);
    const over = new AbortController();
    void after.finally(() => over.abort());
    while (!over.signal.aborted) {
      await send();
      await stage.answerTo(ids.at(-1) ?? '');
    }
    const { workerPid, browserPid, restoreMode } = await after;
    expect({ browserPid, restoreMode }).toEqual({ browserPid: before.browserPid, restoreMode: 'hot' });
    expect(stage.phone.status.pageLoads).toBe(pageLoads);
    const last = await stage.ask('!');
    expect(last.body).toBe(`${workerPid} says new`);
    expect(ids.map((id) => stage.answersTo(id))).toEqual(ids.map(() => 1));
    expect(isAlive(before.workerPid)).toBe(false);
    expect(supervisor.matching(/WARN|ERROR/, mark)).toEqual([]);
  });

  it('lets a handler end that is running', async () => {
    bot.is(slow(500));
    await handOver();
    const { id } = await stage.phone.receiveText({ from: contactNumber, body: 'slow' });
    const slowPid = (await stage.waitUntilListening()).workerPid;
    await supervisor.waitForLine(/BEGINS/, { from: mark });
    await handOver();
    expect((await stage.answerTo(id)).body).toBe(`${slowPid} after 500`);
    expect(stage.answersTo(id)).toBe(1);
  });

  it('gives a message back whose handler doesn’t end in time: the next worker handles it', async () => {
    bot.is(slow(600_000));
    await handOver();
    const { id } = await stage.phone.receiveText({ from: contactNumber, body: 'for ever' });
    await supervisor.waitForLine(/BEGINS/, { from: mark });
    bot.says('done');
    const { workerPid } = await handOver();
    expect((await stage.answerTo(id)).body).toBe(`${workerPid} says done`);
  });

  it.each([
    ['has a syntax error', 'export default {', /SyntaxError|Unexpected end of input/],
    ['throws while it is loaded', 'throw new Error("no database")', /no database/],
    ['is no bot', 'export default 3', /no default export/],
  ])(
    'leaves the old one in service when the new one %s; the next good one heals it',
    async (_name, source, problem) => {
      bot.is(source);
      await restart();
      await supervisor.waitForLine(/The new worker could not be started, so the old one goes on/, { from: mark });
      expect(supervisor.matching(problem, mark)).not.toEqual([]);
      expect((await stage.ask('!')).body).toContain(`${before.workerPid} `);
      expect(await stage.waitUntilListening()).toMatchObject({ workerPid: before.workerPid });

      bot.says('healed');
      const { workerPid } = await handOver();
      expect((await stage.ask('!')).body).toBe(`${workerPid} says healed`);
    },
  );

  it('asked for again and again ends with one that was started after the last time', async () => {
    for (let version = 1; version <= 20; version += 1) {
      bot.says(`version ${version}`);
      await restart();
    }
    // The one before may have loaded the last version, too, and be replaced while we look.
    await until(
      async () => {
        const { workerPid } = await stage.waitUntilListening();
        return (await stage.ask('!')).body === `${workerPid} says version 20` || undefined;
      },
      { expectation: () => `the last one to listen.${supervisor.describe()}` },
    );
  });

  it('goes on with the one that is on its way when the old one is killed meanwhile', async () => {
    const gate = join(stage.folder, 'gate');
    bot.is(`import { existsSync } from 'node:fs';
      import { setTimeout as pass } from 'node:timers/promises';
      while (!existsSync(${JSON.stringify(gate)})) await pass(20);
      export default { onMessage: (message, ctx) => ctx.reply(process.pid + ' says after the kill') };`);
    await restart();
    process.kill(before.workerPid, 'SIGKILL');
    writeFileSync(gate, '');
    const { workerPid } = await stage.waitUntilListening(before);
    expect((await stage.ask('!')).body).toBe(`${workerPid} says after the kill`);
    expect(stage.phone.status.pageLoads).toBe(pageLoads);
  });

  async function restart(): Promise<void> {
    const words = ['restart', accountNumber, `--sessions-dir=${stage.sessionsFolder}`];
    const { code, errorOutput } = await runWasup(words, stage.workingDirectory);
    expect({ code, errorOutput }).toEqual({ code: 0, errorOutput: '' });
  }

  async function handOver(): Promise<ListeningStatus> {
    const from = await stage.waitUntilListening();
    await restart();
    return stage.waitUntilListening(from);
  }
});

function slow(forMs: number): string {
  return `export default {
    async onMessage(message, ctx) {
      console.log('BEGINS');
      await new Promise((resolve) => setTimeout(resolve, ${forMs}));
      await ctx.reply(process.pid + ' after ${forMs}');
    },
  };`;
}
