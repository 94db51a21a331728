import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { InboxMessage } from '../../../shared/inbox/inbox-message.js';
import { sizeInMemory, Unsaved } from '../../../shared/inbox/unsaved.js';

const act = fc.record({
  do: fc.constantFrom('keep', 'keep unchecked', 'drop', 'move', 'postpone', 'check', 'move behind', 'keep found'),
  id: fc.nat(6),
  chat: fc.nat(2),
  text: fc.nat(50),
});

test('what waits in memory is known by its size, whatever comes and goes, and nothing is left when all is written', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const unsaved = new Unsaved();
      for (const { do: what, id, chat, text } of acts) {
        const message = row(String(id), `chat ${chat}`, text);
        const kept = unsaved.get(message.id);
        if (what === 'keep') unsaved.keep(message);
        else if (what === 'keep unchecked') unsaved.keepUnchecked(message);
        else if (what === 'keep found') unsaved.keepFound([message], []);
        else if (what === 'drop') unsaved.drop([message]);
        else if (what === 'check') unsaved.check([{ id: message.id, state: 'done' }]);
        else if (what === 'move behind') unsaved.moveBehind(1);
        else if (kept !== undefined && what === 'move') unsaved.move(kept, message.chat);
        else if (kept !== undefined) unsaved.postpone(kept);
        expect(unsaved.size).toBe(unsaved.messages.reduce((size, one) => size + sizeInMemory(one), 0));
      }
      unsaved.drop(unsaved.messages);
      expect([unsaved.size, unsaved.count, unsaved.chats]).toEqual([0, 0, []]);
    }),
  );
});

function row(id: string, chat: string, text: number): InboxMessage {
  return {
    id,
    chat,
    t: 100,
    place: 1,
    state: 'waiting',
    raw: 'x'.repeat(text),
    backfilled: false,
    attempts: 0,
    deaths: 0,
    nextAt: null,
    error: null,
    receivedAt: 0,
    settledAt: null,
  };
}
