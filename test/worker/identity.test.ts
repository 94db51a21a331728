import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Inbox } from '../../shared/inbox/inbox.js';
import { Addresses, type AddressPair } from '../../shared/inbox/addresses.js';
import { Identity } from '../../worker/identity.js';
import type { MissedChat } from '../../worker/whatsapp/read-missed.js';

const anna: AddressPair = ['111111111111111@lid', '15551230001@c.us'];
const bela: AddressPair = ['222222222222222@lid', '15551230002@c.us'];
const group = '120363041234567890@g.us';

describe('the same message is told of', () => {
  test.each<[string, string, string[]]>([
    ['in a chat, under its lid', `false_${anna[1]}_3EB0A`, [`false_${anna[0]}_3EB0A`]],
    ['in a chat, under its number', `false_${anna[0]}_3EB0A`, [`false_${anna[1]}_3EB0A`]],
    ['by the account itself', `true_${anna[1]}_3EB0A`, [`true_${anna[0]}_3EB0A`]],
    ['in a group, by its author', `false_${group}_3EB0A_${anna[1]}`, [`false_${group}_3EB0A_${anna[0]}`]],
    [
      'by one of its author’s devices',
      `false_${group}_3EB0A_111111111111111:7@lid`,
      [`false_${group}_3EB0A_${anna[1]}`],
    ],
    ['in a status update', `false_status@broadcast_3EB0A_${bela[0]}`, [`false_status@broadcast_3EB0A_${bela[1]}`]],
    ['by nobody else when the person is not known', 'false_15559999999@c.us_3EB0A', []],
    ['by nobody else in a group when its author isn’t', `false_${group}_3EB0A_15559999999@c.us`, []],
    // Its sender has made it: no address in it is anybody's.
    ['under an id that holds an address', `false_${bela[1]}_X_${anna[1]}`, [`false_${bela[0]}_X_${anna[1]}`]],
    ['under what is no key', 'A', []],
  ])('%s', (_name, id, aliases) => {
    const addresses = new Addresses();
    addresses.learn([anna, bela]);
    expect(addresses.aliases(id)).toEqual(aliases);
  });

  test('and by a person whose number went to somebody else no more', () => {
    const addresses = new Addresses();
    addresses.learn([anna]);
    expect(addresses.learn([[bela[0], anna[1]]])).toHaveLength(1);
    expect(addresses.other(anna[0])).toBeUndefined();
    expect(addresses.other(anna[1])).toBe(bela[0]);
    expect(addresses.learn([[bela[0], anna[1]]])).toEqual([]);
  });

  test('of twenty thousand addresses the newest are remembered', () => {
    const addresses = new Addresses();
    for (let n = 0; n < 15_000; n += 1) addresses.learn([[`9${n}@lid`, `1${n}@c.us`]]);
    expect(addresses.other('90@lid')).toBeUndefined();
    expect(addresses.other('914999@lid')).toBe('114999@c.us');
    expect(addresses.other('19999@c.us')).toBe('99999@lid');
  });
});

let folder: string;
let inbox: Inbox;
let busy: Set<string>;
let moved: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasup-identity-'));
  inbox = new Inbox({
    path: join(folder, 'inbox.db'),
    now: () => 1_790_000_000_000,
    onTrouble: () => undefined,
    onSaved: () => undefined,
    onRebuilt: () => undefined,
  });
  busy = new Set();
  moved = [];
});
afterEach(() => {
  inbox.close();
  rmSync(folder, { recursive: true, force: true });
});

function identityOf(): Identity {
  return new Identity({ inbox, isBusy: (chat) => busy.has(chat), onMoved: (chats) => moved.push(...chats) });
}

/** As the intake does. */
function comes(identity: Identity, id: string, address: string, t: number): boolean {
  return identity.fresh([{ id, chat: address, t, raw: '{}' }]).some((message) => inbox.add(message));
}

function order(chat: string): string[] {
  const ids: string[] = [];
  for (let head = inbox.head(chat); head !== undefined; head = inbox.head(chat)) {
    ids.push(head.id);
    const message = inbox.get(head.id);
    if (message !== undefined) inbox.update({ ...message, state: 'done', raw: null, settledAt: 1 });
  }
  return ids;
}

describe('a chat that goes over to the other address', () => {
  test('goes on as one: what waits under both is in one order', () => {
    const identity = identityOf();
    comes(identity, `false_${anna[0]}_2`, anna[0], 2);
    comes(identity, `false_${anna[1]}_1`, anna[1], 1);
    identity.learn([anna]);
    comes(identity, `false_${anna[0]}_3`, anna[0], 3);
    comes(identity, `false_${anna[1]}_4`, anna[1], 4);
    expect(moved).toEqual([anna[0], anna[1]]);
    expect(order(anna[1])).toEqual([
      `false_${anna[1]}_1`,
      `false_${anna[0]}_2`,
      `false_${anna[0]}_3`,
      `false_${anna[1]}_4`,
    ]);
    expect(inbox.heads()).toEqual([]);
  });

  test('stays under the lid while one of its messages is with its handler there: nothing overtakes that', () => {
    const identity = identityOf();
    comes(identity, `false_${anna[1]}_2`, anna[1], 2);
    busy.add(anna[0]);
    identity.learn([anna]);
    expect(identity.chatOf(anna[1])).toBe(anna[0]);
    expect(inbox.head(anna[1])).toBeUndefined();
    expect(inbox.head(anna[0])?.id).toBe(`false_${anna[1]}_2`);
  });

  test('is one also for what waits in an inbox of before', () => {
    inbox.add({ id: `false_${anna[0]}_1`, chat: anna[0], t: 1, raw: '{}' });
    const identity = identityOf();
    identity.learn([anna]);
    expect(comes(identity, `false_${anna[1]}_1`, anna[1], 1)).toBe(false);
    comes(identity, `false_${anna[1]}_2`, anna[1], 2);
    expect(order(anna[1])).toEqual([`false_${anna[0]}_1`, `false_${anna[1]}_2`]);
  });
});

test('a message that comes under both addresses in one turn is one, in one chat', () => {
  const identity = identityOf();
  identity.learn([anna]);
  const arrived = anna.map((address) => ({ id: `false_${address}_1`, chat: address, t: 1, raw: '{}' }));
  expect(identity.fresh(arrived).map(({ id, chat }) => [id, chat])).toEqual([[`false_${anna[0]}_1`, anna[1]]]);
});

describe('what the page lists', () => {
  const chatOf = (chat: string, ids: readonly string[], addresses: readonly AddressPair[] = [anna]): MissedChat => ({
    chat,
    messages: ids.map((id, t) => ({ id, t })),
    undecrypted: [],
    lacks: null,
    addresses,
  });

  test('is known by the ids that the inbox has', () => {
    inbox.add({ id: `false_${anna[1]}_1`, chat: anna[1], t: 0, raw: '{}' });
    const { chats, unknown } = identityOf().resolve([chatOf(anna[0], [`false_${anna[0]}_1`, `false_${anna[0]}_2`])]);
    expect(chats).toHaveLength(1);
    expect(chats[0]?.chat).toBe(anna[1]);
    expect(chats[0]?.messages.map(({ id }) => id)).toEqual([`false_${anna[1]}_1`, `false_${anna[0]}_2`]);
    expect(chats[0]?.messages.map(({ id }) => unknown.has(id))).toEqual([false, true]);
  });

  test('under both addresses is one chat, and each message in it one', () => {
    const { chats } = identityOf().resolve([
      chatOf(anna[1], [`false_${anna[1]}_1`, `false_${anna[1]}_2`]),
      chatOf(anna[0], [`false_${anna[0]}_1`, `false_${anna[0]}_3`]),
    ]);
    expect(chats.map(({ chat }) => chat)).toEqual([anna[1]]);
    expect(chats[0]?.messages.map(({ id }) => id)).toEqual([
      `false_${anna[1]}_1`,
      `false_${anna[1]}_2`,
      `false_${anna[0]}_3`,
    ]);
  });
});

test('whatever is told of under whichever address, and whenever the page says who is who: each message is handled once, none suppresses another’s', () => {
  const people = [anna, bela];
  const telling = fc.record({
    person: fc.integer({ min: 0, max: 1 }),
    stanza: fc.integer({ min: 1, max: 4 }),
    under: fc.integer({ min: 0, max: 1 }),
    isInGroup: fc.boolean(),
  });
  let run = 0;
  fc.assert(
    fc.property(fc.array(telling, { maxLength: 30 }), (tellings) => {
      run += 1;
      const identity = identityOf();
      identity.learn(people);
      const handled: string[] = [];
      for (const { person, stanza, under, isInGroup } of tellings) {
        const address = people[person]?.[under] ?? '';
        const id = isInGroup ? `false_${group}_${run}A${stanza}_${address}` : `false_${address}_${run}A${stanza}`;
        if (comes(identity, id, isInGroup ? group : address, stanza)) handled.push(`${isInGroup} ${person} ${stanza}`);
      }
      const told = tellings.map(({ person, stanza, isInGroup }) => `${isInGroup} ${person} ${stanza}`);
      expect([...handled].sort()).toEqual([...new Set(told)].sort());
    }),
    { numRuns: 100 },
  );
});
