import { join } from 'node:path';

import { afterAll, beforeAll, describe, it } from 'vitest';

import { accountNumber, fixture, Stage } from '../support/stage.js';

/** A worker must load its modules within this, also on a busy machine. */
const workerStartTimeoutMs = 15_000;

describe('a bot that hangs while it sets itself up', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open({ autoLink: { number: accountNumber } });
  });
  afterAll(() => stage.close());

  it('is killed when the time for its start is over, and answers in its next life', async () => {
    const supervisor = stage.start({
      environment: {
        HANGS_UNLESS_FILE: join(stage.folder, 'has-hung'),
        WASUP_BOT: fixture('hangs-once-in-setup-bot.js'),
        WASUP_WORKER_START_TIMEOUT_MS: String(workerStartTimeoutMs),
      },
    });
    await supervisor.waitForLine(
      /ERROR.*has not given a sign of life for 15000 ms: .* in setup \(.*\)\. Restarting now/,
    );
    await stage.waitUntilListening();
    await stage.ask('!ping');
  });
});

describe('a bot whose setup() throws', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open({ autoLink: { number: accountNumber } });
  });
  afterAll(() => stage.close());

  it('is told as what it is, with its place, and as somebody’s to mend', async () => {
    const supervisor = stage.start({ environment: { WASUP_BOT: fixture('throws-in-setup-bot.js') } });
    await supervisor.waitForLine(/ERROR.*ends with an error: Error: no database/);
    await supervisor.waitForLine(/throws-in-setup-bot\.js/);
    await supervisor.waitForLine(/WARN.*The bot's setup\(\) has failed \(no database\)\. Restarting .*a bug to mend/);
  });
});
