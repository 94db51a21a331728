import { expect, it } from 'vitest';

import type { AttachedPage } from './attached-page.js';
import { chatOf, list, type Missed, seconds } from './list.js';
import { newNumber } from './new-number.js';

/** Of the 10,000 messages in 500 chats with which the account was linked, a second between two of them. */
export function specifyHistory(opened: () => AttachedPage): void {
  it('is found in chats whose messages the page has not loaded', async () => {
    const { page, reload } = opened();
    await reload();
    expect(await page.evaluate("require('WAWebCollections').Msg.length")).toBeLessThan(1_500);
    const { chats } = ofHistory(await list(opened(), await sinceInHistory(opened(), 10_000)));
    expect(chats).toHaveLength(500);
    for (const { messages } of chats) {
      expect(messages).toHaveLength(20);
      const first = messages[0]?.t ?? 0;
      expect(messages.map(({ t }) => t - first)).toEqual(messages.map((_, index) => index * 500));
    }
  });

  it('includes that moment, and nothing before', async () => {
    for (const count of [1, 2, 499, 500, 501]) {
      const since = await sinceInHistory(opened(), count);
      const times = timesOf(ofHistory(await list(opened(), since)));
      expect(times).toEqual(Array.from({ length: count }, (_, index) => since + count - 1 - index));
    }
  });

  it('is the same however small the steps are in which the page is asked', async () => {
    const since = await sinceInHistory(opened(), 1_000);
    const whole = await list(opened(), since, null, { milliseconds: 60_000, messages: 100_000, size: Infinity });
    expect(await list(opened(), since, null, { milliseconds: 0, messages: 1, size: 1 })).toEqual(whole);
  });

  it('is found where the page stumbles over one of the chats, which alone is missing', async () => {
    const { page, reload } = opened();
    const since = await sinceInHistory(opened(), 500);
    const whole = ofHistory(await list(opened(), since)).chats;
    const broken = whole[250]?.chat ?? '';
    await page.evaluate(`Object.defineProperty(require('WAWebCollections').Chat.get('${broken}').msgs, 'getModelsArray', {
      configurable: true, value() { throw new Error('no messages'); },
    })`);
    const { chats } = ofHistory(await list(opened(), since));
    expect(chats.filter(({ lacks }) => lacks === 'unreadable').map(({ chat }) => chat)).toEqual([broken]);
    expect(chats.filter(({ chat }) => chat !== broken)).toEqual(whole.filter(({ chat }) => chat !== broken));
    await reload();
  });

  it('is found without asking for any group', async () => {
    const { client, page, phone, reload } = opened();
    const from = newNumber();
    const since = seconds();
    const group = phone.groups.create({ subject: 'Choir', participants: [from] });
    await reload(() => phone.receiveText({ from, group: group.id, body: 'la' }));
    await page.evaluate(`(() => {
      const { GroupMetadata } = require('WAWebCollections');
      const update = GroupMetadata.update.bind(GroupMetadata);
      window.asked = [];
      GroupMetadata.update = (id) => window.asked.push(String(id)) && update(id);
    })()`);
    expect(chatOf(await list(opened(), since), group.id)?.messages).toHaveLength(1);
    expect(await page.evaluate('window.asked')).toEqual([]);
    await client.getChatById(group.id);
    expect(await page.evaluate('window.asked')).toEqual([group.id]);
  });
}

/** The time since which there are so many messages of the past with which the account was linked. */
async function sinceInHistory({ page }: AttachedPage, count: number): Promise<number> {
  const newest = (await page.evaluate(`Math.max(
    ...require('WAWebCollections').Chat.getModelsArray().filter(({ id }) => id.user.startsWith('1555')).map(({ t }) => t),
  )`)) as number;
  return newest - count + 1;
}

function ofHistory(missed: Missed): Missed {
  return { ...missed, chats: missed.chats.filter(({ chat }) => chat.startsWith('1555')) };
}

/** Newest first. */
function timesOf({ chats }: Missed): number[] {
  return chats.flatMap(({ messages }) => messages.map(({ t }) => t)).sort((one, other) => other - one);
}
