import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { canMount, SmallDisk } from '../support/small-disk.js';
import { accountNumber, contactNumber, fixture, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

/** What a write-ahead log has room for that was longer before. */
const mostThatFits = 200;

/** Only root may mount a disk. The login is on another one; see records-disk.test.ts. */
describe.skipIf(!canMount)('messages of an account whose disk is full', () => {
  let stage: Stage;
  let disk: SmallDisk;
  let supervisor: SupervisorProcess;

  beforeEach(async () => {
    stage = await Stage.open({ autoLink: { number: accountNumber } });
    disk = new SmallDisk(stage.paths.directory, 4);
    const elsewhere = join(stage.folder, 'profile');
    await mkdir(elsewhere);
    await symlink(elsewhere, stage.paths.profile);
    const environment = { WASUP_BOT: fixture('recording-bot.js'), WASUP_BACKOFF_BASE_MS: '10' };
    supervisor = stage.start({ environment });
    await stage.waitUntilListening();
  });
  afterEach(async () => {
    disk.relent();
    await stage.stopAll();
    disk.unmount();
    await stage.close();
  });

  it('are answered, once, also over the death of a worker, and are in the journal when that is over', async () => {
    const before = await stage.waitUntilListening();
    disk.fill();
    const ids: string[] = [];
    const isTold = (): boolean => supervisor.matching(/ERROR.*Incoming messages can't be journaled/).length > 0;
    while (!isTold() && ids.length < mostThatFits) ids.push(await ask(`!ping ${ids.length}`));
    expect(isTold()).toBe(true);

    process.kill(before.workerPid, 'SIGKILL');
    ids.push(await receive('!ping of the gap'));
    ids.push(await ask('!ping afterwards'));
    for (const id of ids) await stage.answerTo(id);
    expect(ids.map((id) => stage.answersTo(id))).toEqual(ids.map(() => 1));

    disk.relent();
    await supervisor.waitForLine(/inbox\.db can be written again; \d+ messages? (is|are) in it now/);
    // Until it can be written, the status speaks of the worker that has died.
    const { workerPid } = await stage.waitUntilListening(before);
    const handled = await notes();
    process.kill(workerPid, 'SIGKILL');
    await stage.waitUntilListening({ workerPid });
    const last = await ask('!ping last');
    // The catch-up after the start has come to its end as well when the next chat has its turn.
    expect((await notes()).slice(handled.length)).toEqual(['!ping last']);
    expect([...ids, last].map((id) => stage.answersTo(id))).toEqual([...ids, last].map(() => 1));
    await until(async () => (await stage.alerts()).includes('inbox-unwritable') || undefined, {
      expectation: () => 'the alert in the history',
    });
  });

  async function receive(body: string): Promise<string> {
    return (await stage.phone.receiveText({ from: contactNumber, body })).id;
  }

  async function ask(body: string): Promise<string> {
    const id = await receive(body);
    await stage.answerTo(id);
    return id;
  }

  async function notes(): Promise<string[]> {
    const lines = (await readFile(stage.recording, 'utf8')).trimEnd().split('\n');
    return lines.map((line) => (JSON.parse(line) as { body: string }).body);
  }
});
