import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { limitMissed } from '../../worker/limit-missed.js';
import type { MissedChat } from '../../worker/whatsapp/read-missed.js';

const arrived = fc.record({ t: fc.integer({ min: 0, max: 20 }), isKnown: fc.boolean() });
const history = fc.array(fc.array(arrived, { maxLength: 10 }), { maxLength: 5 });
const limits = fc.integer({ min: 0, max: 30 });

describe('what is fetched of what was missed', () => {
  it('is all of it while what is unknown is within the limit', () => {
    fc.assert(
      fc.property(history, limits, (chats, maxMessages) => {
        const { listed, unknown } = read(chats);
        fc.pre(unknown.size <= maxMessages);
        expect(limitMissed(listed, unknown, maxMessages)).toEqual({ chats: listed, cut: 0, keptFrom: null });
      }),
    );
  });

  it('is beyond it the newest, whole seconds, and told is how many are left out', () => {
    fc.assert(
      fc.property(history, limits, (chats, maxMessages) => {
        const { listed, unknown } = read(chats);
        fc.pre(unknown.size > maxMessages);
        const { chats: kept, cut, keptFrom } = limitMissed(listed, unknown, maxMessages);
        const isUnknown = ({ id }: { id: string }): boolean => unknown.has(id);
        const before = listed.flatMap(({ messages }) => messages).filter(isUnknown);
        const after = kept.flatMap(({ messages }) => messages).filter(isUnknown);
        const from = keptFrom ?? NaN;
        expect(after).toEqual(before.filter(({ t }) => t >= from));
        expect(after.length + cut).toBe(before.length);
        if (maxMessages === 0) expect(after).toEqual([]);
        else {
          expect(after.length).toBeGreaterThanOrEqual(maxMessages);
          expect(after.filter(({ t }) => t > from).length).toBeLessThan(maxMessages);
        }
      }),
    );
  });
});

function read(chats: readonly (readonly { t: number; isKnown: boolean }[])[]): {
  listed: MissedChat[];
  unknown: Set<string>;
} {
  const unknown = new Set<string>();
  const listed = chats.map((messages, chat) => ({
    chat: String(chat),
    undecrypted: [],
    lacks: null,
    messages: messages
      .map(({ t, isKnown }, index) => {
        const id = `${chat}-${index}`;
        if (!isKnown) unknown.add(id);
        return { id, t };
      })
      .sort((one, other) => one.t - other.t),
  }));
  return { listed, unknown };
}
