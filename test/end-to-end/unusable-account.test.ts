import { rm, writeFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { accountNumber, Stage, type StagedAccount } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { runWasup } from '../support/wasup-command.js';

const otherNumber = '12025550101';

describe('an account whose folder can’t be used', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let other: StagedAccount;

  beforeAll(async () => {
    stage = await Stage.openAtRest();
    other = stage.account(otherNumber);
    await writeFile(other.paths.directory, 'This is no folder.');
    supervisor = stage.start({ environment: { WASUP_ACCOUNTS: `${accountNumber},${otherNumber}` } });
  });
  afterAll(() => stage.close());

  it('waits for a person, who is told why, and costs the others nothing', async () => {
    await supervisor.waitForLine(new RegExp(`ERROR.*\\+${otherNumber}.*session-${otherNumber}.*a person is needed`));
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(supervisor.matching(new RegExp(`\\+${otherNumber}.*cannot-happen|arrived where it can't`))).toEqual([]);
  });

  it('is started from the beginning when the person has mended that and asks for a restart', async () => {
    await rm(other.paths.directory);
    const restart = ['restart', otherNumber, '--sessions-dir', stage.sessionsFolder];
    // It has to be looking when the code appears: the first account's phone scans whatever nobody else does.
    const [answer] = await Promise.all([
      runWasup(restart, stage.workingDirectory),
      other.phone.scanQr(undefined, { timeoutMs: 60_000 }),
    ]);
    expect(answer).toMatchObject({ code: 0 });
    await other.waitUntilListening();
    expect((await supervisor.stop()).code).toBe(0);
  }, 120_000);
});
