import { describe, expect, it } from 'vitest';
import whatsapp from 'whatsapp-web.js';

import { resultTimeoutMs, sendOnceAttribute } from '../../../worker/whatsapp/send-once.js';
import type { AttachedPage } from './attached-page.js';
import { type Place, Question } from './question.js';

const { MessageMedia, Poll } = whatsapp;
const onePixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export function specifySendOnce(opened: () => AttachedPage): void {
  describe.each<Place>(['person', 'group'])('an answer to a message in the chat of a %s', (place) => {
    const ask = (): Promise<Question> => Question.ask(opened(), place);
    specifyOneAnswer(ask);
    specifyReload(opened, ask);
  });
  describe('an answer', () => {
    const ask = (): Promise<Question> => Question.ask(opened());
    specifyFailures(opened, ask);
    specifyContents(ask);
  });
  describe('whatever else is sent', () => {
    specifyOtherSends(opened);
  });
}

function specifyOneAnswer(ask: () => Promise<Question>): void {
  it('goes out under its id, and quotes the message', async () => {
    const question = await ask();
    const reply = await question.answer('pong');
    const sent = await question.arrival();
    expect(sent).toMatchObject({ to: question.message.from, body: 'pong' });
    expect(sent.quotedMessageId).toBe(question.message.id._serialized);
    expect(sent.raw).not.toHaveProperty(sendOnceAttribute);
    expect(reply).toMatchObject({ id: { _serialized: question.key(), fromMe: true }, body: 'pong' });
  });

  it.each([
    ['as the page knows it', false],
    ['as the page finds it when it is asked', true],
  ])('is not sent again, whatever it says the second time, %s', async (_, isRepeated) => {
    const question = await ask();
    await question.answer('good morning');
    await question.acknowledged();
    const again = await question.answer('good evening', { isRepeated });
    expect(again).toMatchObject({ id: { _serialized: question.key() }, body: 'good morning' });
    expect(await question.sends()).toBe(1);
  });

  it('is sent once when several are under way at a time', async () => {
    const question = await ask();
    const replies = await Promise.all([1, 2, 3].map(() => question.answer('pong')));
    expect(replies.map((reply) => reply?.id._serialized)).toEqual(Array(3).fill(question.key()));
    expect(await question.sends()).toBe(1);
  });

  it('is sent once when the second comes before WhatsApp knows the first', async () => {
    const question = await ask();
    const open = await question.holdSending();
    const first = question.answer('pong');
    await question.attempted(1);
    const second = question.answer('pong');
    await question.attempted(2);
    await open();
    for (const reply of await Promise.all([first, second])) expect(reply?.id._serialized).toBe(question.key());
    expect(await question.sends()).toBe(1);
  });

  it('goes out beside another answer to the same message', async () => {
    const question = await ask();
    await question.answer('pong', { nth: 1 });
    await question.answer('pong', { nth: 2 });
    expect(question.key(1)).not.toBe(question.key(2));
    for (const nth of [1, 2]) {
      expect(await question.arrival(nth)).toMatchObject({ to: question.message.from, body: 'pong' });
      expect(await question.sends(nth)).toBe(1);
    }
  });
}

function specifyReload(opened: () => AttachedPage, ask: () => Promise<Question>): void {
  it('is found in what the page has stored after a reload, and not sent again', async () => {
    const question = await ask();
    await question.answer('pong');
    await question.arrival();
    await opened().reload();
    await question.forget();
    const again = await question.answer('pong again', { isRepeated: true });
    expect(again).toMatchObject({ id: { _serialized: question.key() }, body: 'pong' });
    expect(await question.sends()).toBe(0);
  });
}

function specifyFailures(opened: () => AttachedPage, ask: () => Promise<Question>): void {
  it('has not been given before WhatsApp’s server has it: a browser that is killed may have written it down and never send it', async () => {
    const { phone, sandbox } = opened();
    const question = await ask();
    sandbox.network({ latencyMs: 300 });
    try {
      await question.answer('pong');
      expect(phone.sent.map(({ id }) => id)).toContain(question.key());
    } finally {
      sandbox.network({ latencyMs: 0 });
    }
  });

  it('has been given after some seconds, also when WhatsApp doesn’t say what has become of it', async () => {
    const question = await ask();
    const open = await question.holdResults();
    const begin = performance.now();
    await question.answer('pong');
    expect(performance.now() - begin).toBeGreaterThan(resultTimeoutMs - 100);
    await open();
    await question.answer('pong');
    expect(await question.sends()).toBe(1);
  });

  it('that is written down and can’t be sent has failed, and goes out when it is given again', async () => {
    const question = await ask();
    const mend = await question.breakOutbox();
    await expect(question.answer('pong')).rejects.toThrow('The database connection is closing.');
    await mend();
    expect((await question.answer('pong', { isRepeated: true }))?.id._serialized).toBe(question.key());
    expect((await question.arrival()).body).toBe('pong');
    expect(await question.sends()).toBe(2);
  });

  // What WhatsApp Web says of a send: docs of WA-JS, SendMsgResult.
  it.each(['ERROR_UNKNOWN', 'ERROR_EXPIRED', 'ERROR_CANCELLED', 'ERROR_UPLOAD'])(
    'of which WhatsApp says %s has failed, and goes out when it is given again',
    async (verdict) => {
      const question = await ask();
      const mend = await question.breakOutbox(verdict);
      await expect(question.answer('pong')).rejects.toThrow(verdict);
      await mend();
      expect((await question.answer('pong'))?.id._serialized).toBe(question.key());
      expect((await question.arrival()).body).toBe('pong');
    },
  );

  it('of which WhatsApp says that the network is away is WhatsApp’s to send, and isn’t given again', async () => {
    const question = await ask();
    const mend = await question.breakOutbox('ERROR_NETWORK');
    await question.answer('pong');
    await mend();
    await question.answer('pong');
    expect(await question.sends()).toBe(1);
  });

  it.each([false, true])('that has failed is sent again (known to be a repetition: %s)', async (isRepeated) => {
    const question = await ask();
    await question.answer('pong');
    await question.acknowledged();
    await question.fail();
    const again = await question.answer('pong', { isRepeated });
    expect(again?.id._serialized).toBe(question.key());
    expect(await question.sends()).toBe(2);
  });

  it('whose sending WhatsApp has refused is sent again', async () => {
    const question = await ask();
    const refuse = await question.holdSending();
    const first = question.answer('pong');
    await question.attempted(1);
    await Promise.all([refuse(new Error('refused')), expect(first).rejects.toThrow('refused')]);
    expect((await question.answer('pong'))?.id._serialized).toBe(question.key());
    expect((await question.arrival()).body).toBe('pong');
    expect(await question.sends()).toBe(2);
  });

  it.each([
    ['stays', false],
    ['is loaded anew', true],
  ])('that is given without a connection goes out once when that is back, in a page that %s', async (_, isReloaded) => {
    const { phone, reload, sandbox } = opened();
    const question = await ask();
    sandbox.network({ cut: true });
    await phone.waitFor('offline');
    await question.answer('pong');
    await question.answer('pong', { isRepeated: true });
    expect(await question.sends()).toBe(1);
    expect(phone.sent.filter(({ id }) => id === question.key())).toEqual([]);
    const connect = async (): Promise<void> => {
      sandbox.network({ cut: false });
      await Promise.resolve();
    };
    await (isReloaded ? reload(connect) : connect());
    await question.arrival();
    await question.answer('pong', { isRepeated: true });
    expect(await question.sends()).toBe(isReloaded ? 0 : 1);
  });

  it('that a killed browser had written down and not begun to send is sent by the next one', async () => {
    const { phone, reload, sandbox } = opened();
    const question = await ask();
    const connect = async (): Promise<void> => {
      sandbox.network({ cut: false });
      await Promise.resolve();
    };
    sandbox.network({ cut: true });
    try {
      await phone.waitFor('offline');
      await question.answer('pong');
      await question.dropFromOutbox();
      await reload(connect);
    } finally {
      await connect();
    }
    await question.answer('pong', { isRepeated: true });
    expect((await question.arrival()).body).toBe('pong');
    await question.acknowledged();
    await question.answer('pong', { isRepeated: true });
    expect(await question.sends()).toBe(1);
  });
}

function specifyContents(ask: () => Promise<Question>): void {
  it('that is a picture is sent once', async () => {
    const question = await ask();
    const picture = new MessageMedia('image/png', onePixel, 'dot.png');
    await Promise.all([1, 2].map(() => question.answer(picture, { options: { caption: 'look' } })));
    await question.answer(picture, { options: { caption: 'look' }, isRepeated: true });
    const { media, body, quotedMessageId } = await question.arrival();
    expect(media).toMatchObject({ mimetype: 'image/png', data: onePixel });
    expect([body, quotedMessageId]).toEqual(['look', question.message.id._serialized]);
    expect(await question.sends()).toBe(1);
  });

  it('that is a poll is sent once', async () => {
    const question = await ask();
    const poll = new Poll('When?', ['today', 'tomorrow']);
    await question.answer(poll);
    await question.acknowledged();
    await question.answer(poll);
    expect((await question.arrival()).type).toBe('poll_creation');
    expect(await question.sends()).toBe(1);
  });

  it('keeps what the bot gives along itself', async () => {
    const question = await ask();
    await question.answer('pong', { options: { extra: { ofTheBot: 1 } } });
    expect((await question.arrival()).raw).toMatchObject({ ofTheBot: 1 });
  });
}

function specifyOtherSends(opened: () => AttachedPage): void {
  it('goes out as often as it is given: messages, replies and polls', async () => {
    const { client, phone } = opened();
    const { message } = await Question.ask(opened());
    const keys: (string | undefined)[] = [];
    for (let round = 0; round < 2; round += 1) {
      keys.push((await client.sendMessage(message.from, 'hello')).id._serialized);
      keys.push((await message.reply('hello')).id._serialized);
      keys.push((await client.sendMessage(message.from, new Poll('When?', ['today']))).id._serialized);
    }
    expect(new Set(keys).size).toBe(6);
    for (const key of keys) await phone.waitForSent(({ id }) => id === key);
  });

  it('goes out as often as it is given: reactions', async () => {
    const { message, reactions } = await Question.ask(opened());
    for (const reaction of ['👍', '👍', '']) await message.react(reaction);
    expect(reactions()).toEqual(['👍', '👍', '']);
  });

  it('is for whoever sends: a page that can’t send is attached to nevertheless', async () => {
    const { reload, sandbox } = opened();
    sandbox.modules({ missing: ['WAWebSendMsgChatAction'] });
    try {
      await reload();
      await Question.ask(opened());
    } finally {
      sandbox.modules({ missing: [] });
      await reload();
    }
  });
}
