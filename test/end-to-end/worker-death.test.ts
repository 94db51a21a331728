import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { accountNumber, fixture, Stage } from '../support/stage.js';

describe('a worker that dies', () => {
  let stage: Stage;
  let loads: string;

  beforeAll(async () => {
    stage = await Stage.open({ autoLink: { number: accountNumber } });
    loads = join(stage.folder, 'loads');
    await writeFile(loads, '');
    const bot = fixture('never-loads-at-first-bot.js');
    // Who waits on standby has loaded already; here the one that follows is to be loaded.
    stage.start({ environment: { WASUP_BOT: bot, LOADS_NEVER_UNLESS_FILE: loads, WASUP_STANDBY: '0' } });
    await stage.waitUntilListening();
    await stage.ask('!ping');
  });
  afterAll(() => stage.close());

  it('is followed by one that answers in the same browser, although the page is frozen', async () => {
    const before = await stage.waitUntilListening();
    await stage.phone.freezePage();
    process.kill(before.workerPid, 'SIGKILL');
    expect(await stage.waitUntilListening(before)).toMatchObject({ browserPid: before.browserPid });
    expect((await stage.ask('!ping')).body).toBe('loaded');
  });

  it('is written down as gone, also when the one that follows never comes so far as to write anything', async () => {
    const { workerPid } = await stage.waitUntilListening();
    await rm(loads);
    process.kill(workerPid, 'SIGKILL');
    const status = await stage.waitForStatus((latest) => latest.workerPid !== workerPid, 'the worker to be gone');
    expect(status).toMatchObject({ workerPid: null, isActive: false, deviceLinked: true });
  });
});
