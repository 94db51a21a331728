import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { AddressPair } from '../../shared/inbox/addresses.js';
import { DeadLetters } from '../../shared/inbox/dead-letters.js';
import { Inbox } from '../../shared/inbox/inbox.js';
import type { InboxMessage } from '../../shared/inbox/inbox-message.js';
import { Dispatcher } from '../../worker/dispatcher.js';
import { Identity } from '../../worker/identity.js';
import { until } from '../support/until.js';

const anna: AddressPair = ['111111111111111@lid', '15551230001@c.us'];
const bela: AddressPair = ['222222222222222@lid', '15551230002@c.us'];
const [lid, number] = anna;
const group = '120363041234567890@g.us';

let folder: string;
let lives: Life[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasup-two-addresses-'));
  lives = [];
});
afterEach(() => {
  for (const life of lives) life.end();
  rmSync(folder, { recursive: true, force: true });
});

type Handler = (message: InboxMessage) => unknown;

/** What a worker's life has of messages, without a page. */
class Life {
  readonly inbox: Inbox;
  readonly identity: Identity;
  readonly dispatcher: Dispatcher;
  readonly handled: string[] = [];

  constructor(path: string, handler: Handler = () => undefined, attempts = 3) {
    const unexpected = (error: unknown): never => {
      throw error instanceof Error ? error : new Error('the inbox is sound');
    };
    this.inbox = new Inbox({
      path,
      now: Date.now,
      onTrouble: unexpected,
      onSaved: () => undefined,
      onRebuilt: unexpected,
    });
    this.identity = new Identity({
      inbox: this.inbox,
      isBusy: (chat) => this.dispatcher.isBusy(chat),
      onMoved: (chats) => {
        for (const chat of chats) this.dispatcher.noteChange(chat);
      },
    });
    this.dispatcher = new Dispatcher({
      inbox: this.inbox,
      limits: { attempts, retryDelayMs: 1, concurrency: 10, timeoutMs: 5_000 },
      handle: async (message) => {
        this.handled.push(message.id);
        await handler(message);
      },
      now: Date.now,
      chatOf: (chat) => this.identity.chatOf(chat),
      isToldTwice: (message) => this.identity.isToldTwice(message),
      onFailed: () => undefined,
      onParked: () => undefined,
    });
    this.dispatcher.recover();
    lives.push(this);
  }

  /** As the intake does with what comes live. */
  tell(id: string, chat: string, t: number): void {
    const fresh = this.identity.fresh([{ id, chat, t, raw: '{}' }]);
    this.inbox.addAll(fresh);
    for (const message of fresh) this.dispatcher.noteChange(message.chat);
  }

  /** As a catch-up does with what the page lists. */
  list(id: string, address: string, t: number): void {
    const { chats, unknown } = this.identity.resolve([
      { chat: address, messages: [{ id, t }], undecrypted: [], lacks: null },
    ]);
    for (const { chat, messages } of chats) {
      const all = messages.map((message) => ({ ...message, raw: unknown.has(message.id) ? '{}' : null }));
      this.inbox.addMissed(chat, all, this.inbox.lastPlace);
      this.dispatcher.noteChange(chat);
    }
  }

  /** Until nothing waits. */
  async serve(): Promise<void> {
    this.dispatcher.open();
    await until(() => this.inbox.counts().waiting + this.inbox.counts().running === 0 || undefined, {
      expectation: () => 'nothing waits',
    });
    await this.dispatcher.idle();
    this.dispatcher.close();
  }

  end(): void {
    this.dispatcher.close();
    this.dispatcher.abandon();
    this.identity.keep();
    this.inbox.close();
  }
}

const path = (): string => join(folder, 'inbox.db');
const begin = (handler?: Handler, attempts?: number): Life => new Life(path(), handler, attempts);
const idOf = (address: string, stanza: string | number): string => `false_${address}_${stanza}`;

describe.each<[string, string, string]>([
  ['number', number, lid],
  ['lid', lid, number],
])('what was handled under the %s', (_name, first, second) => {
  test.each(['tell', 'list'] as const)(
    'is not handled again under the other address by the next worker, which the page hasn’t said who is who (%s)',
    async (way) => {
      const life = begin();
      life.identity.learn([anna]);
      life.tell(idOf(first, 1), first, 1);
      await life.serve();
      life.end();
      const next = begin();
      next[way](idOf(second, 1), second, 1);
      next[way](idOf(second, 2), second, 2);
      await next.serve();
      expect(life.handled).toEqual([idOf(first, 1)]);
      expect(next.handled).toEqual([idOf(second, 2)]);
    },
  );

  test('and was told of under the other address before the page says who is who isn’t handled once more', async () => {
    const life = begin();
    life.tell(idOf(first, 1), first, 1);
    await life.serve();
    life.tell(idOf(second, 1), second, 1);
    life.tell(idOf(second, 2), second, 2);
    life.end();
    const next = begin();
    next.identity.learn([anna]);
    await next.serve();
    expect(next.handled).toEqual([idOf(second, 2)]);
    expect(next.inbox.counts()).toEqual({ waiting: 0, running: 0, dead: 0 });
  });
});

test('a message that waits under both addresses is handled once, also in a group', async () => {
  const life = begin();
  for (const address of anna) {
    life.tell(idOf(address, 1), address, 1);
    life.tell(`false_${group}_9_${address}`, group, 1);
  }
  life.tell(`false_${group}_9_${bela[0]}`, group, 1);
  life.identity.learn([anna, bela]);
  await life.serve();
  expect(life.handled.sort()).toEqual([idOf(lid, 1), `false_${group}_9_${lid}`, `false_${group}_9_${bela[0]}`].sort());
});

test('a message on which the bot has failed isn’t given up because it was told of twice', async () => {
  let failures = 0;
  const life = begin(({ attempts }) => {
    if (attempts < 3) throw new Error(`failure ${(failures += 1)}`);
  });
  life.tell(idOf(number, 1), number, 1);
  life.tell(idOf(lid, 1), lid, 1);
  life.identity.learn([anna]);
  await life.serve();
  expect(failures).toBe(2);
  expect(life.inbox.counts()).toEqual({ waiting: 0, running: 0, dead: 0 });
  expect(new Set(life.handled).size).toBe(1);
  expect(life.inbox.get(life.handled[0] ?? '')).toMatchObject({ state: 'done', attempts: 3 });
});

test('a message that is to be tried again is, although the same one under the other address was left out meanwhile', async () => {
  const gates = new Map<string, () => void>();
  const well: string[] = [];
  let isWell = false;
  const life = begin(async ({ id }) => {
    if (id === idOf(number, 1)) await new Promise<void>((resolve) => gates.set(id, resolve));
    else if (!isWell) throw new Error('out of order');
    well.push(id);
  }, 20);
  life.tell(idOf(number, 1), number, 1);
  // Waits behind the first, while the bot fails on it in the other chat.
  life.tell(idOf(number, 2), number, 2);
  life.tell(idOf(lid, 2), lid, 2);
  life.dispatcher.open();
  await until(() => (life.inbox.get(idOf(lid, 2))?.error === 'out of order' && gates.size === 1) || undefined, {
    expectation: () => 'the bot has failed once, and is at the first',
  });
  life.dispatcher.close();
  isWell = true;
  life.identity.learn([anna]);
  gates.get(idOf(number, 1))?.();
  await life.serve();
  expect(well).toEqual([idOf(number, 1), idOf(lid, 2)]);
});

describe('a chat that went over while its messages waited', () => {
  test('is one for the next worker, in its order', async () => {
    const life = begin();
    life.tell(idOf(lid, 2), lid, 2);
    life.tell(idOf(number, 1), number, 1);
    life.tell(idOf(lid, 3), lid, 3);
    life.identity.learn([anna]);
    life.end();
    const next = begin();
    next.tell(idOf(lid, 5), lid, 5);
    next.tell(idOf(number, 4), number, 4);
    expect(next.inbox.heads().map(({ chat }) => chat)).toEqual([number]);
    await next.serve();
    expect(next.handled).toEqual([idOf(number, 1), idOf(lid, 2), idOf(lid, 3), idOf(number, 4), idOf(lid, 5)]);
  });

  test('is one also when the worker dies while a message of the old address is with its handler', async () => {
    const life = begin(() => new Promise(() => undefined));
    life.tell(idOf(lid, 1), lid, 1);
    life.dispatcher.open();
    await until(() => life.handled[0], { expectation: () => 'the first is with its handler' });
    life.identity.learn([anna]);
    life.tell(idOf(number, 2), number, 2);
    // What was running stays so in the file, as when the worker is killed.
    life.inbox.close();
    const next = begin();
    next.tell(idOf(number, 3), number, 3);
    await next.serve();
    expect(next.handled).toEqual([idOf(lid, 1), idOf(number, 2), idOf(number, 3)]);
  });

  test('keeps its order when both addresses are with handlers as they turn out to be one, and one fails', async () => {
    const gates = new Map<string, (isWell: boolean) => void>();
    const life = begin(({ id, attempts }) => {
      if (attempts > 1) return;
      return new Promise<void>((resolve, reject) => {
        gates.set(id, (isWell) => (isWell ? resolve() : reject(new Error('fails once'))));
      });
    });
    life.tell(idOf(lid, 1), lid, 1);
    life.tell(idOf(number, 2), number, 2);
    life.dispatcher.open();
    await until(() => gates.size === 2 || undefined, { expectation: () => 'both are with their handlers' });
    life.identity.learn([anna]);
    life.tell(idOf(lid, 3), lid, 3);
    gates.get(idOf(lid, 1))?.(false);
    await nextTurn();
    expect(life.handled).toHaveLength(2);
    gates.get(idOf(number, 2))?.(true);
    await until(() => gates.get(idOf(lid, 3)), { expectation: () => 'the third is with its handler' });
    gates.get(idOf(lid, 3))?.(true);
    await life.serve();
    expect(life.handled).toEqual([idOf(lid, 1), idOf(number, 2), idOf(lid, 1), idOf(lid, 3)]);
  });

  test('has its dead letters replayed before its newer messages, whichever address they were parked under', async () => {
    let isWell = false;
    const handler = (): void => {
      if (!isWell) throw new Error('out of order');
    };
    const life = begin(handler, 1);
    life.tell(idOf(lid, 1), lid, 1);
    await life.serve();
    expect(life.inbox.counts().dead).toBe(1);
    life.identity.learn([anna]);
    life.tell(idOf(number, 2), number, 2);
    const letters = DeadLetters.open(path());
    expect(letters?.replay([idOf(lid, 1)])).toBe(1);
    letters?.close();
    isWell = true;
    expect(life.inbox.hasChangedOutside()).toBe(true);
    await life.serve();
    expect(life.handled.slice(1)).toEqual([idOf(lid, 1), idOf(number, 2)]);
  });
});

test('a dead letter that is replayed is given to the bot, although the message was told of under the other address, too', async () => {
  let isWell = false;
  const life = begin(() => {
    if (!isWell) throw new Error('out of order');
  }, 1);
  life.tell(idOf(lid, 1), lid, 1);
  await life.serve();
  life.tell(idOf(number, 1), number, 1);
  life.identity.learn([anna]);
  life.identity.keep();
  await life.serve();
  expect(life.handled).toEqual([idOf(lid, 1)]);
  const letters = DeadLetters.open(path());
  expect(letters?.replay([idOf(number, 1)])).toBe(1);
  letters?.close();
  isWell = true;
  await life.serve();
  expect(life.handled).toEqual([idOf(lid, 1), idOf(lid, 1)]);
  expect(life.inbox.counts()).toEqual({ waiting: 0, running: 0, dead: 0 });
});

const nth = fc.integer({ min: 0, max: 1 });
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('tell' as const),
      person: nth,
      stanza: fc.integer({ min: 1, max: 3 }),
      under: nth,
      isInGroup: fc.boolean(),
      isListed: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('learn' as const), person: nth }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'serve' as const) }) },
);

test('however restarts, tellings under either address and the page’s word of who is who follow one another: each message is handled once, in order', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
      const file = join(folder, `${(run += 1)}.db`);
      const people = [anna, bela];
      const known = new Set<number>();
      const told = new Set<string>();
      const handled: string[] = [];
      const nameOf = (id: string): { name: string; person: number; stanza: number } => {
        const person = people.findIndex((addresses) => addresses.some((address) => id.includes(address)));
        const isInGroup = id.includes(group);
        const stanza = Number(/_(\d)(_|$)/.exec(id)?.[1]);
        return { name: `${isInGroup ? 'group' : 'chat'} ${person} ${stanza}`, person, stanza };
      };
      const onHandled = ({ id }: InboxMessage): void => {
        const { name, person, stanza } = nameOf(id);
        if (known.has(person)) {
          expect(handled).not.toContain(name);
          if (name.startsWith('chat')) {
            const waiting = [...told].filter((other) => other.startsWith(`chat ${person}`) && !handled.includes(other));
            expect(Math.min(...waiting.map((other) => Number(other.split(' ')[2])))).toBe(stanza);
          }
        }
        handled.push(name);
      };
      const failures: unknown[] = [];
      const start = (): Life =>
        new Life(file, (message) => {
          try {
            onHandled(message);
          } catch (error) {
            failures.push(error);
          }
        });
      let life = start();
      for (const each of steps) {
        if (each.do === 'tell') {
          const { person, stanza, under, isInGroup, isListed } = each;
          const address = people[person]?.[under] ?? '';
          const id = isInGroup ? `false_${group}_${stanza}_${address}` : idOf(address, stanza);
          life[isListed ? 'list' : 'tell'](id, isInGroup ? group : address, stanza);
          told.add(nameOf(id).name);
        } else if (each.do === 'learn') {
          life.identity.learn([people[each.person] ?? anna]);
          known.add(each.person);
        } else if (each.do === 'serve') await life.serve();
        else {
          life.end();
          life = start();
        }
      }
      await life.serve();
      life.end();
      expect(failures).toEqual([]);
      expect([...new Set(handled)].sort()).toEqual([...told].sort());
    }),
    { numRuns: 60 },
  );
});
