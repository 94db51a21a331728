import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { contactNumber, fixture, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';

// A worker is killed again and again, and none of these is the last.
const environment = {
  WASUP_BOT: fixture('everything-bot.js'),
  WASUP_STABLE_AFTER_MS: '0',
  WASUP_BACKOFF_BASE_MS: '10',
  WASUP_BACKOFF_CAP_MS: '100',
  WASUP_BREAKER_FAILURES: '1000',
  WASUP_BREAKER_WINDOW_MS: '86400000',
};

describe('a session whose worker is killed', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let before: ListeningStatus;
  let pageLoads: number;

  beforeAll(async () => {
    ({ stage, supervisor } = await Stage.openLinked({}, { environment }));
    await stage.ask('!ping');
  });
  beforeEach(async () => {
    before = await stage.waitUntilListening();
    ({ pageLoads } = stage.phone.status);
  });
  afterAll(() => stage.close());

  it('goes on in the page that is there: WhatsApp isn’t loaded again', async () => {
    process.kill(before.workerPid, 'SIGKILL');
    const after = await stage.waitUntilListening(before);
    expect(after).toMatchObject({ restoreMode: 'hot', browserPid: before.browserPid });
    expect(stage.phone.status.pageLoads).toBe(pageLoads);
    await stage.ask('!ping');
  });

  it('answers once what came while nobody listened, in the order in which it came', async () => {
    const { mark } = supervisor;
    process.kill(before.workerPid, 'SIGKILL');
    const ids: string[] = [];
    for (let count = 0; count < 20; count += 1) {
      ids.push((await stage.phone.receiveText({ from: contactNumber, body: `!ping ${count}` })).id);
    }
    for (const id of ids) await stage.answerTo(id);
    await stage.waitUntilListening(before);
    await stage.ask('!ping');
    expect(ids.map((id) => stage.answersTo(id))).toEqual(ids.map(() => 1));
    const handedOver = supervisor
      .matching(/EVENT message !ping \d+ /, mark)
      .map((line) => Number(/!ping (\d+)/.exec(line)?.[1]));
    expect(handedOver).toEqual(ids.map((_id, index) => index));
  });

  it('is told once of each event of the gap: acknowledgments, reactions, edits, revocations, votes, groups and calls', async () => {
    const { phone } = stage;
    const answer = await stage.ask('!ping for an acknowledgment');
    const [heard, edited, revoked] = await Promise.all(
      ['to be heard', 'to be edited', 'to be revoked'].map((body) => phone.receiveText({ from: contactNumber, body })),
    );
    if (heard === undefined || edited === undefined || revoked === undefined) throw new Error('nothing was received');
    await supervisor.waitForLine(/EVENT own to be revoked/);
    const { mark } = supervisor;

    process.kill(before.workerPid, 'SIGKILL');
    phone.acknowledge(answer.id, 3);
    await phone.receiveReaction({ from: contactNumber, messageId: heard.id, text: 'ok' });
    phone.edit(edited.id, 'after the edit');
    phone.revoke(revoked.id);
    const group = phone.groups.create({ subject: 'Of the gap', participants: [contactNumber] });
    phone.groups.changeSubject(group.id, 'Renamed');
    const call = await phone.receiveCall({ from: contactNumber });
    await stage.waitUntilListening(before);
    await stage.ask('!ping');

    const told = supervisor
      .matching(/EVENT (ack|reaction|edit|revoke|update|call) /, mark)
      .map((line) => /EVENT (.*) by/.exec(line)?.[1] ?? '')
      // What the last question has led to.
      .filter((event) => !event.startsWith('ack') || event === `ack ${bareId(answer.id)} 3`);
    expect(told.sort()).toEqual(
      [
        `ack ${bareId(answer.id)} 3`,
        `call ${call.id}`,
        `edit ${bareId(edited.id)} after the edit`,
        `reaction ${bareId(heard.id)} ok`,
        `revoke ${bareId(revoked.id)}`,
        `update ${group.id} `,
        `update ${group.id} Renamed`,
      ].sort(),
    );
  });

  it('listens no more than before after many restores, and is heard by the bot’s own listeners once', async () => {
    // The bot's own listener comes into the page a moment after the bot hears that it is ready.
    const untilReady = async (): Promise<void> => {
      const { workerPid } = await stage.waitUntilListening();
      await supervisor.waitForLine(new RegExp(`EVENT ready by ${workerPid}$`));
    };
    await untilReady();
    const listeners = (await stage.ask('!listeners')).body;
    for (let restores = 0; restores < 5; restores += 1) {
      const { workerPid } = await stage.waitUntilListening();
      process.kill(workerPid, 'SIGKILL');
      await stage.waitUntilListening({ workerPid });
    }
    await untilReady();
    const { mark } = supervisor;
    expect((await stage.ask('!listeners')).body).toBe(listeners);
    await supervisor.waitForLine(/EVENT own !listeners/, { from: mark });
    expect(supervisor.matching(/EVENT own !listeners/, mark)).toHaveLength(1);
  });
});

/** The middle part of a message key: true_12025550123@c.us_3EB0… */
function bareId(key: string): string {
  return key.split('_')[2] ?? key;
}
