import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Head } from '../../shared/inbox/inbox-message.js';
import { chooseNext } from '../../worker/decide-handling.js';
import { FairTurns } from '../../worker/fair-turns.js';

const limits = { attempts: 3, retryDelayMs: 1_000, concurrency: 1 };

/** Chats with the places of what waits in them, and what the order of choosing was. */
class Waiting {
  readonly chats = new Map<string, number[]>();
  readonly turns = new FairTurns();
  #place = 0;

  arrive(chat: string): void {
    this.#place += 1;
    this.chats.set(chat, [...(this.chats.get(chat) ?? []), this.#place]);
  }

  next(): { chat: string; place: number } | undefined {
    const heads = [...this.chats].flatMap(([chat, [place]]): Head[] =>
      place === undefined ? [] : [{ id: `${place}`, chat, t: 0, place, deaths: 0, nextAt: null }],
    );
    const choice = chooseNext(heads, [], limits, 0, (chat) => this.turns.of(chat));
    if (choice.do !== 'handle') return undefined;
    const { chat, place } = choice.head;
    this.turns.noteBegun(chat);
    this.chats.get(chat)?.shift();
    return { chat, place };
  }
}

const anyChat = fc.constantFrom('a', 'b', 'c', 'd', 'e');
/** A chat that something comes in, or undefined for a message that is handled. */
const anyStep = fc.option(anyChat, { nil: undefined, freq: 2 });

test('a new customer’s message waits for at most one message of each other chat, anybody’s next one for two, whatever comes', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 200 }), (steps) => {
      const waiting = new Waiting();
      /** For each chat that waits: how often each other chat was begun since its head is there. */
      const passed = new Map<string, Map<string, number>>();
      const known = new Set<string>();
      for (const step of steps) {
        if (step !== undefined) {
          waiting.arrive(step);
          if (waiting.chats.get(step)?.length === 1) passed.set(step, new Map());
          continue;
        }
        const begun = waiting.next();
        if (begun === undefined) continue;
        passed.delete(begun.chat);
        known.add(begun.chat);
        if ((waiting.chats.get(begun.chat)?.length ?? 0) > 0) passed.set(begun.chat, new Map());
        for (const [chat, others] of passed) {
          if (chat === begun.chat) continue;
          others.set(begun.chat, (others.get(begun.chat) ?? 0) + 1);
          expect(others.get(begun.chat), `${begun.chat} before ${chat}`).toBeLessThanOrEqual(known.has(chat) ? 2 : 1);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

test('the messages of a chat keep their order, and all are begun', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 200 }), (steps) => {
      const waiting = new Waiting();
      const begun: { chat: string; place: number }[] = [];
      const begin = (): boolean => {
        const next = waiting.next();
        if (next !== undefined) begun.push(next);
        return next !== undefined;
      };
      for (const step of steps) {
        if (step === undefined) begin();
        else waiting.arrive(step);
      }
      while (begin());
      expect(begun).toHaveLength(steps.filter((step) => step !== undefined).length);
      for (const chat of new Set(begun.map((each) => each.chat))) {
        const places = begun.filter((each) => each.chat === chat).map(({ place }) => place);
        expect(places).toEqual([...places].sort((one, other) => one - other));
      }
    }),
  );
});

test('what is remembered is bounded by the chats that have had something to do lately', () => {
  const turns = new FairTurns();
  for (let n = 0; n < 10_000; n += 1) {
    turns.noteBegun(`customer ${n % 5_000}`);
    turns.noteBegun('one who always writes');
  }
  expect(turns.size).toBeLessThanOrEqual(2);
});
