import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { accountNumber, contactNumber, fixture, Stage } from '../support/stage.js';
import { until } from '../support/until.js';

/** More than a screen shows, and more than halving a number can tell apart. */
const chats = Array.from({ length: 120 }, (_, index) => `1555${String(index).padStart(7, '0')}`);
/** Written in the same order to the first chats again, so that their order can be seen. */
const chatsWithTwo = chats.slice(0, 20);

describe('one message missed in each of many chats', () => {
  let stage: Stage;
  const missed: { id: string; chat: string; body: string }[] = [];

  beforeAll(async () => {
    const environment = { WASUP_BOT: fixture('recording-bot.js') };
    stage = await Stage.open({ autoLink: { number: accountNumber } });
    // Their chats are old: what was said there before the link concerns nobody.
    stage.phone.seedHistory({ chats: chats.length, messages: chats.length * 20 });
    const first = stage.start({ environment });
    await stage.waitUntilListening();
    await first.stop();
    for (const chat of [...chats, ...chatsWithTwo]) {
      const body = `!ping ${missed.length}`;
      const { id } = await stage.phone.receiveText({ from: chat, body });
      missed.push({ id, chat, body });
    }
    stage.start({ environment });
  });
  afterAll(() => stage.close());

  it('is answered, once, in each of them', async () => {
    const unanswered = (): string[] => missed.flatMap(({ id, body }) => (stage.answersTo(id) === 0 ? [body] : []));
    await until(() => unanswered().length === 0 || undefined, {
      expectation: () => `answers to ${unanswered().slice(0, 5).join()} (of ${unanswered().length})`,
    });
    const answers = missed.map(({ id, chat, body }) => ({
      id,
      to: `${chat}@c.us`,
      body: body.replace('!ping', 'pong'),
    }));
    expect(answersGiven()).toEqual(answers.toSorted(byId));
    for (const chat of chatsWithTwo) expect(bodiesSentTo(chat)).toEqual(bodiesSentTo(chat).toSorted(byNumber));
  });

  it('leaves the account listening to what comes then, also in chats that are new', async () => {
    await stage.waitUntilListening();
    await stage.ask('!ping of somebody new');
    const { id } = await stage.phone.receiveText({ from: chats[0] ?? contactNumber, body: '!ping again' });
    await stage.answerTo(id);
    expect(await stage.alerts()).toEqual([]);
  });

  it('leaves the next worker nothing to do', async () => {
    const before = await stage.waitUntilListening();
    const { length } = stage.phone.sent;
    process.kill(before.workerPid, 'SIGKILL');
    await stage.waitUntilListening(before);
    await stage.ask('!ping after a death');
    expect(stage.phone.sent.slice(length).map(({ body }) => body)).toEqual(['pong after a death']);
  });

  function answersGiven(): { id: string | undefined; to: string; body: string }[] {
    return stage.phone.sent.map(({ quotedMessageId, to, body }) => ({ id: quotedMessageId, to, body })).toSorted(byId);
  }

  function bodiesSentTo(chat: string): string[] {
    return stage.phone.sent.filter(({ to }) => to === `${chat}@c.us`).map(({ body }) => body);
  }
});

function byId(one: { id: string | undefined }, other: { id: string | undefined }): number {
  return (one.id ?? '').localeCompare(other.id ?? '');
}

function byNumber(one: string, other: string): number {
  return Number(one.split(' ')[1]) - Number(other.split(' ')[1]);
}
