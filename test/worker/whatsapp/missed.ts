import { beforeAll, describe, expect, it } from 'vitest';

import type { MissedChat } from '../../../worker/whatsapp/read-missed.js';
import type { AttachedPage } from './attached-page.js';
import { specifyHistory } from './history.js';
import { chatOf, list, type Missed, seconds } from './list.js';
import { newNumber } from './new-number.js';
import { specifyUndecrypted } from './undecrypted.js';

const onePixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export function specifyMissedMessages(opened: () => AttachedPage): void {
  describe('what came since a moment', () => {
    describe('while there was no page', () => {
      specifyTimeAway(opened);
    });
    specifyHistory(opened);
    specifyKinds(opened);
  });
  describe('what could not be decrypted yet', () => {
    specifyUndecrypted(opened);
  });
}

function specifyTimeAway(opened: () => AttachedPage): void {
  const [ann, bob, cleo, dora, emil, fay] = [
    newNumber(),
    newNumber(),
    newNumber(),
    newNumber(),
    newNumber(),
    newNumber(),
  ];
  const group = '120363000000000001@g.us';
  const ids: Record<string, string[]> = {};
  const times: Record<string, number> = {};
  let missed: Missed;
  const found = (number: string): MissedChat | undefined => chatOf(missed, `${number}@c.us`);

  beforeAll(async () => {
    const { phone, reload } = opened();
    const since = seconds();
    const note = (name: string, { id, timestamp }: { id: string; timestamp: number }): void => {
      (ids[name] ??= []).push(id);
      times[id] = timestamp;
    };
    phone.groups.create({ id: group, subject: 'Neighbours', participants: [bob], admins: [ann] });
    await reload(async () => {
      for (const body of ['one', 'two', 'three']) {
        note('ann', await phone.receiveText({ from: ann, body }));
        note('group', await phone.receiveText({ from: ann, group, body }));
        await phone.sendFromPhone({ to: ann, body: 'from the phone' });
        phone.groups.changeSubject(group, `Neighbours ${body}`, ann);
        note('group', await phone.receiveText({ from: bob, group, body }));
      }
      await phone.sendFromPhone({ to: cleo, body: 'from the phone' });
      note('dora', await phone.receiveMedia({ from: dora, mimetype: 'image/png', data: onePixel }));
      note('emil', await phone.receiveText({ from: emil, body: 'before' }));
      phone.edit(ids['emil']?.[0] ?? '', 'after');
      phone.revoke((await phone.receiveText({ from: fay, body: 'never mind' })).id);
      note('fay', await phone.receiveText({ from: fay, body: 'still here' }));
    });
    missed = await list(opened(), since);
  });

  it('is found oldest first, with its time, and without what the account has sent itself', () => {
    expect(found(ann)).toEqual({ chat: `${ann}@c.us`, messages: briefs('ann'), undecrypted: [], lacks: null });
  });

  it('is found in a group with who wrote it in its id, and without what WhatsApp notes there', () => {
    expect(chatOf(missed, group)).toEqual({ chat: group, messages: briefs('group'), undecrypted: [], lacks: null });
    const authors = ids['group']?.map((id) => id.split('_').at(-1));
    expect(authors).toEqual([ann, bob, ann, bob, ann, bob].map((number) => `${number}@c.us`));
  });

  it('is found chat by chat, and no chat of which nothing came', () => {
    expect(found(cleo)).toBeUndefined();
    const chats = missed.chats.map(({ chat }) => chat);
    expect(new Set(chats).size).toBe(chats.length);
    expect(chats.filter((chat) => chat.startsWith('1555'))).toEqual([]);
  });

  it('is found when it is a picture without a word', () => {
    expect(found(dora)?.messages).toEqual(briefs('dora'));
  });

  it('is found once when it was edited meanwhile', () => {
    expect(found(emil)?.messages).toEqual(briefs('emil'));
  });

  it('is not found when its sender has taken it back', () => {
    expect(found(fay)?.messages).toEqual(briefs('fay'));
  });

  it('lacks nothing', () => {
    expect(missed.chats.filter(({ lacks }) => lacks !== null)).toEqual([]);
  });

  function briefs(name: string): { id: string; t: number }[] {
    return (ids[name] ?? []).map((id) => ({ id, t: times[id] ?? 0 }));
  }
}

function specifyKinds(opened: () => AttachedPage): void {
  it.each(['gp2', 'e2e_notification', 'notification_template', 'notification', 'protocol', 'revoked'])(
    'has no %s in it, which is nobody’s word',
    async (type) => {
      const chat = `${newNumber()}@c.us`;
      const { page } = opened();
      const since = seconds();
      await show(page, chat, type, since);
      const word = await show(page, chat, 'chat', since);
      expect(chatOf(await list(opened(), since), chat)?.messages.map(({ id }) => id)).toEqual([word]);
    },
  );

  it('is in the order of time where the page has it in another', async () => {
    const chat = `${newNumber()}@c.us`;
    const { page } = opened();
    const since = seconds();
    const ids: string[] = [];
    for (const after of [0, 1, 2]) ids.push(await show(page, chat, 'chat', since + after));
    await page.evaluate(`(() => {
      const { msgs } = require('WAWebCollections').Chat.get('${chat}');
      const models = msgs.getModelsArray();
      msgs.getModelsArray = () => [models[1], models[2], models[0]];
    })()`);
    expect(chatOf(await list(opened(), since), chat)?.messages.map(({ id }) => id)).toEqual(ids);
  });

  it.each(['120363000000000002@newsletter', '12025550188@broadcast', 'status@broadcast'])(
    'has nothing of %s in it, to which nobody answers',
    async (chat) => {
      const { page } = opened();
      const since = seconds();
      await show(page, chat, 'chat', since);
      expect(chatOf(await list(opened(), since), chat)).toBeUndefined();
    },
  );
}

/** Has the page show a message of a kind that a phone of the sandbox doesn't send. */
async function show(page: AttachedPage['page'], chat: string, type: string, t: number): Promise<string> {
  const id = `false_${chat}_SHOWN${type}${t}`;
  await page.evaluate(`(() => {
    const { Chat } = require('WAWebCollections');
    const from = require('WAWebWidFactory').createWid('${chat}');
    const model = Chat.get(from) ?? Chat.add({ id: from })[0];
    model.set({ t: ${t} });
    const id = new (require('WAWebMsgKey'))({ fromMe: false, remote: from, id: 'SHOWN${type}${t}' });
    model.msgs.add({ id, from, type: '${type}', t: ${t} });
  })()`);
  return id;
}
