import { expect, it } from 'vitest';

import type { Missed } from '../../../worker/whatsapp/read-missed.js';
import type { AttachedPage } from './attached-page.js';
import { chatOf, list, seconds } from './list.js';
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

  it('is cut to the newest where there is too much, whole seconds at a time, and it is told how many are left out', async () => {
    const since = await sinceInHistory(opened(), 700);
    const all = await list(opened(), since);
    const times = timesOf(all);
    for (const limit of [1, 2, 3, 500, times.length - 1]) {
      const keptFrom = times[limit - 1] ?? 0;
      const kept = times.filter((t) => t >= keptFrom);
      const limited = await list(opened(), since, limit);
      expect(limited).toMatchObject({ cut: times.length - kept.length, keptFrom });
      expect(timesOf(limited)).toEqual(kept);
    }
    expect(await list(opened(), since, times.length)).toEqual(all);
  });

  it('is left out as a whole where nothing may be fetched', async () => {
    const since = await sinceInHistory(opened(), 700);
    const times = timesOf(await list(opened(), since));
    const limited = await list(opened(), since, 0);
    expect(timesOf(limited)).toEqual([]);
    expect(limited).toMatchObject({ cut: times.length, keptFrom: (times[0] ?? 0) + 1 });
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
