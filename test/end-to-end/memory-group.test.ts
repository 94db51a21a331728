import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { canLimitGroups, MemoryGroup } from '../support/memory-group.js';
import { accountNumber, fixture, Stage } from '../support/stage.js';
import { until } from '../support/until.js';

/** More than supervisor, browser, worker and standby need; with 600 MB that the bot wants besides, more than there is. */
const groupMb = 650;

/** Only root may make control groups. */
describe.skipIf(!canLimitGroups)(
  'the memory of a control group, as of a container, that is less than the hard limit',
  () => {
    let stage: Stage;
    let group: MemoryGroup;

    beforeAll(async () => {
      stage = await Stage.open({ autoLink: { number: accountNumber } });
      group = new MemoryGroup(groupMb);
    });
    afterAll(async () => {
      await stage.close();
      await group.remove();
    });

    it('is not all a worker may have: the bot gets an error, its message is parked, and no process ends', async () => {
      const supervisor = stage.start({ environment: { WASUP_BOT: fixture('hungry-bot.js') } });
      group.take(supervisor.pid);
      const { browserPid, workerPid } = await stage.waitUntilListening();
      await stage.ask('!eat');
      await supervisor.waitForLine(/The bot failed on a message .*: RangeError: Array buffer allocation failed/);
      await until(async () => (await stage.alerts()).includes('message-parked') || undefined, {
        expectation: () => 'the message to be parked',
      });
      expect((await stage.ask('!ping')).body).toBe('pong');
      expect(await stage.waitUntilListening()).toMatchObject({ browserPid, workerPid });
    });
  },
);
