import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { accountNumber, contactNumber, fixture, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

const otherContact = '12025550124';

describe('a message', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let before: ListeningStatus;
  let mark: number;

  beforeAll(async () => {
    const environment = {
      WASUP_BOT: fixture('faulty-bot.js'),
      WASUP_HANDLER_RETRY_DELAY_MS: '10',
      WASUP_STABLE_AFTER_MS: '0',
      WASUP_BACKOFF_BASE_MS: '10',
      WASUP_BACKOFF_CAP_MS: '100',
      WASUP_BREAKER_FAILURES: '1000',
      WASUP_BREAKER_WINDOW_MS: '86400000',
    };
    ({ stage, supervisor } = await Stage.openLinked({}, { environment }));
    await stage.waitUntilLoginIsOnDisk();
  });
  beforeEach(async () => {
    before = await stage.waitUntilListening();
    ({ mark } = supervisor);
  });
  afterAll(() => stage.close());

  const answers = (id: string): string[] =>
    stage.phone.sent.filter(({ quotedMessageId }) => quotedMessageId === id).map(({ body }) => body);
  const handled = (body: string): string[] => supervisor.matching(new RegExp(`HANDLES ${body} attempt`), mark);

  it.each(['!die-before', '!die-between', '!die-after'])(
    'whose worker dies (%s) is handled again, and each of its answers is sent once',
    async (word) => {
      const { id } = await stage.phone.receiveText({ from: contactNumber, body: word });
      await stage.waitUntilListening(before);
      // Whatever would be sent twice is sent before what follows in the chat.
      const next = await stage.ask('after it');
      expect(answers(id)).toEqual([`first answer to ${word}`, `second answer to ${word}`]);
      expect(answers(next.quotedMessageId ?? '')[0]).toBe('first answer to after it');
      expect(handled(word)).toHaveLength(2);
      expect(handled(word)[1]).toContain('attempt 2');
    },
  );

  it('on which three workers die is parked, and told of; what follows in its chat is handled', async () => {
    const { id } = await stage.phone.receiveText({ from: contactNumber, body: '!die-before 9' });
    const next = await stage.phone.receiveText({ from: contactNumber, body: 'after the deaths' });
    await supervisor.waitForLine(/ERROR.*A message of \+12025550123 is parked: The worker has ended 3 times/, {
      from: mark,
    });
    await stage.answerTo(next.id);
    expect(handled('!die-before 9')).toHaveLength(3);
    expect(answers(id)).toEqual([]);
  });

  it('on which the bot fails is tried again, then parked with the error; other chats don’t wait', async () => {
    const { id } = await stage.phone.receiveText({ from: contactNumber, body: '!throw 2' });
    expect((await stage.answerTo(id)).body).toBe('first answer to !throw 2');
    expect(handled('!throw 2')).toHaveLength(3);
    await stage.phone.receiveText({ from: contactNumber, body: '!throw 9' });
    await supervisor.waitForLine(/ERROR.*is parked: no such city/, { from: mark });
    expect(handled('!throw 9')).toHaveLength(3);
    await until(async () => (await stage.alerts()).includes('message-parked') || undefined, {
      expectation: () => 'the alert in the history',
    });
  });

  it('that came while everything was down is answered after the start, oldest first, before newer ones of its chat', async () => {
    await stage.stopAll();
    const ids: string[] = [];
    for (let n = 1; n <= 10; n += 1) {
      const from = n % 2 === 0 ? contactNumber : otherContact;
      ids.push((await stage.phone.receiveText({ from, body: `missed ${n}` })).id);
    }
    supervisor = stage.start({ environment: { WASUP_BOT: fixture('faulty-bot.js') } });
    await stage.phone.waitFor('connected');
    const newer = await stage.phone.receiveText({ from: contactNumber, body: 'newer' });
    await stage.answerTo(newer.id);
    for (const id of ids)
      await until(() => answers(id).length === 2 || undefined, { expectation: () => 'both answers' });
    const order = supervisor
      .matching(/HANDLES (missed|newer)/)
      .map((line) => /HANDLES (\w+ ?\d*)/.exec(line)?.[1]?.trim());
    const even = order.filter((body) => body === 'newer' || Number(body?.split(' ')[1]) % 2 === 0);
    expect(even).toEqual(['missed 2', 'missed 4', 'missed 6', 'missed 8', 'missed 10', 'newer']);
    expect(order.filter((body) => body !== undefined && Number(body.split(' ')[1]) % 2 === 1)).toEqual([
      'missed 1',
      'missed 3',
      'missed 5',
      'missed 7',
      'missed 9',
    ]);
    expect(supervisor.matching(/HANDLES missed \d+ attempt 1 backfilled/)).toHaveLength(10);
    for (const id of ids) expect(answers(id)).toHaveLength(2);
  });

  it('that is decrypted late, after a start, is handled once it is', async () => {
    await stage.stopAll();
    const { id } = await stage.phone.receiveText({ from: contactNumber, body: 'late', decryptedAfterMs: 6_000 });
    supervisor = stage.start({ environment: { WASUP_BOT: fixture('faulty-bot.js') } });
    await stage.answerTo(id);
    expect(answers(id)[0]).toBe('first answer to late');
  });
});

describe('a bot written for plain whatsapp-web.js', () => {
  it('hears each message once, also what it has missed, whatever another listener throws', async () => {
    const { stage, supervisor } = await Stage.openLinked({}, { environment: { WASUP_BOT: fixture('plain-bot.js') } });
    try {
      expect((await stage.ask('!ping 1')).body).toBe('pong');
      await supervisor.waitForLine(/The bot failed on a message.*thrown by a listener/);
      await supervisor.stop();
      const { id } = await stage.phone.receiveText({ from: contactNumber, body: '!ping 2' });
      const next = stage.start({ environment: { WASUP_BOT: fixture('plain-bot.js') } });
      expect((await stage.answerTo(id)).body).toBe('pong');
      await next.waitForLine(/is parked: thrown by a listener/);
      expect(next.matching(/HEARD !ping 2/)).toHaveLength(1);
      expect(next.matching(/CREATED !ping 2 false/)).toHaveLength(1);
      expect(stage.answersTo(id)).toBe(1);
    } finally {
      await stage.close();
    }
  });
});

describe('the first link', () => {
  it('doesn’t have the bot answer the past', async () => {
    const stage = await Stage.open();
    try {
      stage.phone.seedHistory({ chats: 500, messages: 10_000 });
      const supervisor = stage.start({ environment: { WASUP_BOT: fixture('faulty-bot.js') } });
      await supervisor.waitForLine(/SCAN QR CODE/);
      await stage.phone.scanQr();
      await stage.waitUntilListening();
      await stage.ask('now');
      expect(supervisor.matching(/HANDLES/)).toHaveLength(1);
      expect(accountNumber).not.toBe('');
    } finally {
      await stage.close();
    }
  });

  it('has what came between the scan and the first sync answered, also when the worker dies then', async () => {
    const stage = await Stage.open();
    try {
      const hold = stage.phone.sync({ withhold: true });
      const supervisor = stage.start({ environment: { WASUP_BOT: fixture('faulty-bot.js') } });
      await supervisor.waitForLine(/SCAN QR CODE/);
      await stage.phone.scanQr();
      await supervisor.waitForLine(/The device was linked/);
      const { id } = await stage.phone.receiveText({ from: contactNumber, body: 'early' });
      const { workerPid } = await stage.waitForStatus(({ workerPid: pid }) => pid !== null, 'a worker');
      process.kill(workerPid ?? 0, 'SIGKILL');
      hold.release();
      await stage.waitUntilListening();
      expect((await stage.answerTo(id)).body).toBe('first answer to early');
      expect(supervisor.matching(/HANDLES early/)).toHaveLength(1);
    } finally {
      await stage.close();
    }
  });
});
