import fc from 'fast-check';
import { expect, it } from 'vitest';

import { chatsAtOnce, type ListedStep, listInSteps } from '../../worker/whatsapp/list-in-steps.js';

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `chat ${index}`);
const listed = (chat: string): ListedStep['chats'][number] => ({
  chat,
  messages: [{ id: `of ${chat}`, t: 1 }],
  undecrypted: [],
  lacks: null,
});

it('each chat is listed once and in order, however much a step takes, and whatever chats can’t be read: these alone are missing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 2_000 }),
      fc.array(fc.integer({ min: 0, max: chatsAtOnce }), { minLength: 1 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 1_999 }), { maxLength: 8 }),
      async (count, sizes, broken) => {
        const all = names(count);
        // Two beside each other would be the end of the round.
        const unreadable = new Set(broken.filter((n) => n > 0 && !broken.includes(n - 1)).map((n) => `chat ${n}`));
        let step = 0;
        const found = await listInSteps(all, (some) => {
          expect(some.length).toBeLessThanOrEqual(chatsAtOnce);
          const looked = some.slice(0, Math.max(1, sizes[step++ % sizes.length] ?? 1));
          if (looked.some((name) => unreadable.has(name))) return Promise.reject(new Error('no answer'));
          return Promise.resolve({ chats: looked.map(listed), looked: looked.length });
        });
        expect(found.map(({ chat }) => chat)).toEqual(all);
        for (const { chat, messages, lacks } of found) {
          expect([messages.length, lacks]).toEqual(unreadable.has(chat) ? [0, 'unreadable'] : [1, null]);
        }
      },
    ),
  );
});

it('a page that doesn’t answer any more is asked three times, and what it has listed before stays', async () => {
  let asked = 0;
  const found = await listInSteps(names(500), (some) => {
    asked += 1;
    if (asked > 2) return Promise.reject(new Error('no answer'));
    return Promise.resolve({ chats: some.map(listed), looked: some.length });
  });
  expect(asked).toBe(5);
  expect(found.filter(({ lacks }) => lacks === null)).toHaveLength(200);
  expect(found.filter(({ lacks }) => lacks === 'unreadable')).toHaveLength(300);
});

it('a page that answers nothing is no page with unreadable chats: what it says is thrown', async () => {
  await expect(listInSteps(names(500), () => Promise.reject(new Error('no answer')))).rejects.toThrow('no answer');
});
