import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';

import { Inbox } from '../../../shared/inbox/inbox.js';
import { openDatabase } from '../../../shared/inbox/inbox-file.js';
import { planMissed } from '../../../shared/inbox/plan-missed.js';

const second = 1_790_000_000;
let folders: string[] = [];

afterEach(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders = [];
});

interface Opened {
  readonly inbox: Inbox;
  readonly path: string;
  readonly troubles: unknown[];
}

function open(path?: string): Opened {
  const folder = mkdtempSync(join(tmpdir(), 'wasup-missed-chats-'));
  folders.push(folder);
  const troubles: unknown[] = [];
  const file = path ?? join(folder, 'inbox.db');
  const inbox = new Inbox({
    path: file,
    now: () => second * 1_000,
    onTrouble: (error) => troubles.push(error),
    onSaved: () => undefined,
    onRebuilt: () => undefined,
    // All at once.
    patience: { first: 60_000, slice: 60_000, end: 60_000 },
  });
  return { inbox, path: file, troubles };
}

/** As a full disk: each write fails at once, and what can be read stays. */
function refuseWrites(path: string): () => void {
  const other = openDatabase(path);
  for (const what of ['INSERT', 'UPDATE'])
    other.exec(`CREATE TRIGGER refuse_${what} BEFORE ${what} ON messages BEGIN SELECT RAISE(ABORT, 'full'); END`);
  return () => {
    for (const what of ['INSERT', 'UPDATE']) other.exec(`DROP TRIGGER refuse_${what}`);
    other.close();
  };
}

function handledOf(inbox: Inbox, chat: string): string[] {
  const handled: string[] = [];
  for (let head = inbox.head(chat); head !== undefined; head = inbox.head(chat)) {
    handled.push(head.id);
    const found = inbox.get(head.id);
    if (found === undefined) throw new Error(`no ${head.id}`);
    inbox.update({ ...found, state: 'done', raw: null, settledAt: second * 1_000 });
  }
  return handled;
}

/** What happens to a chat in a round: all in one second, so that nothing but places orders its messages. */
const happenings = fc.record({
  known: fc.nat(2),
  missed: fc.integer({ min: 1, max: 3 }),
  /** While the page is asked: before this chat's turn, and after it. */
  liveBefore: fc.nat(1),
  liveAfter: fc.nat(1),
});

interface Round {
  readonly chats: number;
  readonly kinds: readonly { known: number; missed: number; liveBefore: number; liveAfter: number }[];
  readonly seed: number;
}

/** Plays a catch-up; what is to be handled of each chat is added to `expected`, and what came to `total`. */
function play(inbox: Inbox, round: number, { chats, kinds, seed }: Round, expected: Map<string, string[]>): number {
  const plan = Array.from({ length: chats }, (_, n) => ({ chat: `${n}@c.us`, kind: kinds[n % kinds.length] }));
  // Any order, the same again for a seed.
  const order = plan.map((_, n) => n).sort((one, other) => ((one * seed) % 2_003) - ((other * seed) % 2_003));
  let total = 0;
  const expect = (chat: string, ids: string[]): void => {
    total += ids.length;
    expected.set(chat, [...(expected.get(chat) ?? []), ...ids]);
  };
  const t = second + round;
  const ids = (chat: string, name: string, count = 0): string[] =>
    Array.from({ length: count }, (_, n) => `${round} ${chat} ${name} ${n}`);
  const add = (chat: string, id: string): void => void inbox.add({ id, chat, t, raw: '{}' });
  for (const { chat, kind } of plan) for (const id of ids(chat, 'known', kind?.known)) add(chat, id);
  const since = inbox.lastPlace;
  for (const { chat, kind } of plan) for (const id of ids(chat, 'live before', kind?.liveBefore)) add(chat, id);
  for (const n of order) {
    const { chat, kind } = plan[n] ?? { chat: '' };
    const [known, missed] = [ids(chat, 'known', kind?.known), ids(chat, 'missed', kind?.missed)];
    // The page has those that were missed before those that came after somebody listened again.
    const listed = [...missed, ...known].map((id) => ({ id, t, raw: missed.includes(id) ? '{}' : null }));
    if (inbox.addMissed(chat, listed, since) !== missed.length) throw new Error(`not all of ${chat} were new`);
    for (const id of ids(chat, 'live after', kind?.liveAfter)) add(chat, id);
    const live = [...ids(chat, 'live before', kind?.liveBefore), ...ids(chat, 'live after', kind?.liveAfter)];
    expect(chat, [...missed, ...known, ...live]);
  }
  return total;
}

const rounds = fc.array(
  fc.record({
    chats: fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.constant(2_000), fc.constant(63)),
    kinds: fc.array(happenings, { minLength: 1, maxLength: 20 }),
    seed: fc.integer({ min: 1, max: 2_002 }),
  }),
  { minLength: 1, maxLength: 2 },
);

describe('what up to 2,000 chats have had while nobody listened, in any order of chats', () => {
  function holds(played: readonly Round[], isInMemory: boolean): void {
    const { inbox, path, troubles } = open();
    const allow = isInMemory ? refuseWrites(path) : () => undefined;
    const expected = new Map<string, string[]>();
    const total = played.reduce((sum, round, n) => sum + play(inbox, n, round, expected), 0);
    expect(troubles).toHaveLength(isInMemory ? 1 : 0);
    expect(inbox.isSaved).toBe(!isInMemory);
    expect(inbox.counts().waiting).toBe(total);
    // One for each message that is inserted, and one for each that is moved in its round.
    expect(inbox.lastPlace).toBeLessThanOrEqual(2 * total);
    allow();
    expect(inbox.save()).toBe(true);
    inbox.close();
    const next = open(path).inbox;
    expect(next.counts().waiting).toBe(total);
    expect(next.lastPlace).toBeLessThanOrEqual(2 * total);
    // All of the chats that an order could be lost in, at a price that fits a test.
    for (const [n, [chat, ids]] of [...expected].entries())
      if (n % 20 === 0 || n < 100) expect(handledOf(next, chat)).toEqual(ids);
    next.close();
  }

  test('is all there in the order of each chat, and places stay as small as the number of messages', () => {
    fc.assert(
      fc.property(rounds, (played) => {
        holds(played, false);
      }),
      { numRuns: 3 },
    );
  });

  test('is so from memory, too, while nothing can be written', () => {
    fc.assert(
      fc.property(rounds, (played) => {
        holds(played, true);
      }),
      { numRuns: 3 },
    );
  });
});

test('a chat’s places are in the order of the page, then of what came meanwhile, and no more than its messages', () => {
  const messages = fc.uniqueArray(
    fc.record({
      id: fc.nat(60).map(String),
      t: fc.nat(3),
      at: fc.constantFrom('new', 'known', 'done', 'live', 'elsewhere'),
    }),
    { selector: ({ id }) => id, maxLength: 40 },
  );
  fc.assert(
    fc.property(messages, fc.nat(100), (all, since) => {
      const byTime = [...all].sort((one, other) => one.t - other.t);
      const listed = byTime
        .filter(({ at }) => ['new', 'known', 'done'].includes(at))
        .map(({ id, t, at }) => ({ id, t, raw: at === 'new' ? '{}' : null }));
      const known = byTime.filter(({ at }) => at === 'known').map(({ id, t }, n) => ({ id, t, place: n - 100 }));
      const live = byTime.filter(({ at }) => at === 'live').map(({ id, t }, n) => ({ id, t, place: since + 1 + n }));
      let last = since + live.length;
      const first = last + 1;
      const unknown = new Set(all.filter(({ at }) => at === 'new').map(({ id }) => id));
      const { fresh, moved } = planMissed(listed, [...live, ...known], unknown, since, () => (last += 1));
      expect(fresh.map(({ message }) => message.id)).toEqual(
        listed.filter(({ raw }) => raw !== null).map(({ id }) => id),
      );
      expect(last + 1 - first).toBe(fresh.length + moved.length);
      const places = new Map([...live, ...known].map(({ id, place }) => [id, place]));
      for (const { id, place } of moved) places.set(id, place);
      for (const { message, place } of fresh) places.set(message.id, place);
      const order = [...live, ...known, ...fresh.map(({ message }) => message)]
        .sort((one, other) => one.t - other.t || (places.get(one.id) ?? 0) - (places.get(other.id) ?? 0))
        .map(({ id }) => id);
      const wanted = [...listed.filter(({ id }) => places.has(id)), ...live].sort((one, other) => one.t - other.t);
      expect(order).toEqual(wanted.map(({ id }) => id));
    }),
  );
});
