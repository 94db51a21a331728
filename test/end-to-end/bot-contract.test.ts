import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { readAttempts } from '../../shared/restore-metrics.js';
import { isAlive } from '../support/processes.js';
import { accountNumber, contactNumber, fixture, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

describe("a bot made with defineBot from 'wasup'", () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let before: ListeningStatus;
  let mark: number;

  beforeAll(async () => {
    const environment = { WASUP_BOT: fixture('contract-bot.js'), WASUP_MAX_RESTORE_ATTEMPTS: '1' };
    ({ stage, supervisor } = await Stage.openLinked({}, { environment }));
  });
  beforeEach(async () => {
    before = await stage.waitUntilListening();
    mark = supervisor.mark;
  });
  afterAll(() => stage.close());

  it('is loaded, and is given the context that it was promised', async () => {
    const { body } = await stage.ask('!context');
    expect(JSON.parse(body)).toEqual({ account: accountNumber, attempt: 1, backfilled: false });
  });

  it('loses one message to a handler that throws, and nothing else', async () => {
    await stage.phone.receiveText({ from: contactNumber, body: '!throw' });
    await supervisor.waitForLine(
      new RegExp(`ERROR.*The bot failed on a message of \\+${contactNumber}: Error: the handler broke`),
      { from: mark },
    );
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(await stage.waitUntilListening()).toMatchObject({ workerPid: before.workerPid });
  });

  it('comes back in the same browser after a rejection in code of its own that it waits for nowhere', async () => {
    await stage.phone.receiveText({ from: contactNumber, body: '!listener' });
    await supervisor.waitForLine(/ERROR.*ends with an error: Error: the bot crashed/, { from: mark });
    expect(await stage.waitUntilListening(before)).toMatchObject({ browserPid: before.browserPid });
    expect((await stage.ask('!ping')).body).toBe('pong');
  });

  it('costs itself neither browser nor profile by client.logout(): the login is set aside whole, and a new link is asked for', async () => {
    const { ino } = await stat(stage.paths.profile);
    await stage.phone.receiveText({ from: contactNumber, body: '!logout' });
    await supervisor.waitForLine(/WhatsApp has unlinked this device/, { from: mark });
    await supervisor.waitForLine(/^ DEVICE LINKED - BOT READY TO SERVE!$/, { from: mark });
    await stage.waitUntilListening(before);
    const [name = '', ...others] = await readdir(stage.paths.quarantine);
    expect(others).toEqual([]);
    expect((await stat(join(stage.paths.quarantine, name))).ino).toBe(ino);
    expect(await readdir(join(stage.paths.quarantine, name))).toContain('Default');
    // The attempt after the logout found the browser alive; it was stopped for the new link, on purpose.
    const attempts = await until(
      async () => {
        const latest = (await readAttempts(stage.paths.restoreMetrics)).attempts.slice(-2);
        return latest.at(-1)?.outcome === 'listening' && latest.at(-1)?.rung === 'relink' ? latest : undefined;
      },
      { expectation: () => 'the link in the books' },
    );
    expect(attempts[0]).toMatchObject({ rung: 'warm', outcome: 'failed', class: 'AUTH' });
    expect((await stage.ask('!ping')).body).toBe('pong');
  });

  it('is told of a stop by ctx.signal, and may finish what it is at', async () => {
    const { id } = await stage.phone.receiveText({ from: contactNumber, body: '!slow' });
    await supervisor.waitForLine(/^SLOW BEGINS$/, { from: mark });
    expect(await supervisor.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(supervisor.matching(/^SLOW/, mark)).toEqual(['SLOW BEGINS', 'SLOW IS TOLD', 'SLOW ENDS']);
    expect(stage.answersTo(id)).toBe(1);
    expect(isAlive(before.workerPid)).toBe(false);
  });
});
