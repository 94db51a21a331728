import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { contactNumber, fixture, Stage } from '../support/stage.js';

const contactId = `${contactNumber}@c.us`;

/** Message keys have kept their text elsewhere since July 2026 (`current`). */
describe.each(['current', 'legacy'] as const)('a bot on the %s build of WhatsApp Web', (build) => {
  let stage: Stage;

  beforeAll(async () => {
    ({ stage } = await Stage.openLinked({ build }, { environment: { WASUP_BOT: fixture('library-calls-bot.js') } }));
  });
  afterAll(() => stage.close());

  it('sees the text of a message id, and its reply quotes that message', async () => {
    const { id } = await stage.phone.receiveText({ from: contactNumber, body: '!id' });
    expect(await resultFor(id)).toEqual({ id });
  });

  it('lists its chats with their last messages', async () => {
    const other = '12025550177';
    const { id } = await stage.phone.receiveText({ from: other, body: 'see you' });
    const group = stage.phone.groups.create({ subject: 'Neighbours', participants: [contactNumber, other] });
    const question = await stage.phone.receiveText({ from: contactNumber, body: '!chats' });
    const chats = await resultFor(question.id);
    expect(chats).toContainEqual(
      expect.objectContaining({ id: `${other}@c.us`, isGroup: false, lastBody: 'see you', lastId: id }),
    );
    expect(chats).toContainEqual(expect.objectContaining({ id: contactId, lastBody: '!chats', lastId: question.id }));
    expect(chats).toContainEqual(expect.objectContaining({ id: group.id, name: 'Neighbours', isGroup: true }));
  });

  it('downloads media', async () => {
    const data = Buffer.from('what a picture would be made of').toString('base64');
    const media = { mimetype: 'image/png', data, filename: 'picture.png', caption: '!media' };
    const { id } = await stage.phone.receiveMedia({ from: contactNumber, ...media });
    expect(await resultFor(id)).toMatchObject({ mimetype: 'image/png', data });
  });

  it('gets the message back that it has sent', async () => {
    const { id } = await stage.phone.receiveText({ from: contactNumber, body: '!send' });
    const sent = await stage.phone.waitForSent(({ body }) => body === 'sent by the bot');
    expect(sent.to).toBe(contactId);
    expect(await resultFor(id)).toEqual({ id: sent.id, body: 'sent by the bot', fromMe: true });
  });

  it('reads the message that another one quotes', async () => {
    const first = await stage.phone.receiveText({ from: contactNumber, body: 'the first word' });
    const { id } = await stage.phone.receiveText({ from: contactNumber, body: '!quoted', quoted: first.id });
    expect(await resultFor(id)).toEqual({ id: first.id, body: 'the first word' });
  });

  it('finds a message by its id', async () => {
    const { id } = await stage.phone.receiveText({ from: contactNumber, body: '!again' });
    expect(await resultFor(id)).toEqual({ id });
  });

  async function resultFor(messageId: string): Promise<unknown> {
    return JSON.parse((await stage.answerTo(messageId)).body);
  }
});
