import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { DeadLetters } from '../../../shared/inbox/dead-letters.js';
import { type Forgotten, Inbox, type Rebuilt } from '../../../shared/inbox/inbox.js';
import { openDatabase } from '../../../shared/inbox/inbox-file.js';
import type { ArrivedMessage, InboxMessage } from '../../../shared/inbox/inbox-message.js';
import { statements } from '../../../shared/inbox/statements.js';

let folder: string;
let path: string;
let inbox: Inbox;
let now: number;
let troubles: unknown[];
let saved: number[];
let rebuilt: Rebuilt[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasup-inbox-'));
  path = join(folder, 'inbox.db');
  now = 1_790_000_000_000;
  troubles = [];
  saved = [];
  rebuilt = [];
  inbox = open();
});
afterEach(() => {
  inbox.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(): Inbox {
  return new Inbox({
    path,
    now: () => now,
    onTrouble: (error) => troubles.push(error),
    onSaved: (messages) => saved.push(messages),
    onRebuilt: (event) => rebuilt.push(event),
    // At once, however busy the machine is.
    patience: { first: 60_000, slice: 60_000, end: 60_000 },
  });
}

/** As the next worker finds it. */
function reopen(): Inbox {
  inbox.close();
  inbox = open();
  return inbox;
}

const anna = '15551230001@c.us';
const bela = '15551230002@c.us';

function message(id: string, t = 100, chat = anna): ArrivedMessage {
  return { id, chat, t, raw: JSON.stringify({ id, body: `text of ${id}` }) };
}

function settle(id: string, changes: Partial<InboxMessage>): void {
  const found = inbox.get(id);
  if (found === undefined) throw new Error(`no ${id}`);
  inbox.update({ ...found, ...changes });
}

/** Another process that keeps the file to itself, as a full disk would: nothing can be written. */
function blockWrites(): () => void {
  const other = openDatabase(path);
  other.exec('BEGIN IMMEDIATE');
  return () => {
    other.exec('ROLLBACK');
    other.close();
  };
}

/** The messages of a chat in the order in which they are handled. */
function orderOf(chat: string): string[] {
  const order: string[] = [];
  for (let head = inbox.head(chat); head !== undefined; head = inbox.head(chat)) {
    order.push(head.id);
    settle(head.id, { state: 'done', raw: null, settledAt: now });
  }
  return order;
}

describe('a message', () => {
  test('is there for the next worker, as it came', () => {
    expect(inbox.add(message('A'))).toBe(true);
    expect(reopen().get('A')).toMatchObject({ ...message('A'), state: 'waiting', attempts: 0, backfilled: false });
  });

  test('is taken once, also by the next worker, and also when it is done', () => {
    inbox.add(message('A'));
    expect(inbox.add(message('A'))).toBe(false);
    settle('A', { state: 'done', raw: null, settledAt: now });
    expect(inbox.add(message('A'))).toBe(false);
    expect(reopen().add(message('A'))).toBe(false);
  });

  test('keeps what has become of it', () => {
    inbox.add(message('A'));
    settle('A', { state: 'dead', attempts: 3, deaths: 1, error: 'no such city', settledAt: now });
    expect(reopen().get('A')).toMatchObject({ state: 'dead', attempts: 3, deaths: 1, error: 'no such city' });
    expect(inbox.counts()).toEqual({ waiting: 0, running: 0, dead: 1 });
  });

  test('is readable by the user who runs wasup alone', () => {
    inbox.add(message('A'));
    for (const name of readdirSync(folder))
      expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
  });
});

describe('the messages of a chat', () => {
  test('follow each other as they came, whatever other chats have', () => {
    for (const [id, t, chat] of [
      ['A', 100, anna],
      ['x', 99, bela],
      ['B', 100, anna],
      ['C', 101, anna],
    ] as const)
      inbox.add(message(id, t, chat));
    expect(
      inbox
        .heads()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['A', 'x']);
    expect(orderOf(anna)).toEqual(['A', 'B', 'C']);
    expect(orderOf(bela)).toEqual(['x']);
  });

  test('that were missed come before what came while they were read, also within the same second', () => {
    inbox.add(message('live 1', 100));
    const since = inbox.lastPlace;
    inbox.add(message('live 2', 100));
    inbox.add(message('elsewhere', 100, bela));
    const missed = ['missed 1', 'missed 2'].map((id) => ({ id, t: 100, raw: '{}' }));
    expect(inbox.addMissed(anna, [...missed, { id: 'live 1', t: 100, raw: null }], since)).toBe(2);
    inbox.add(message('live 3', 100));
    expect(inbox.get('missed 1')).toMatchObject({ backfilled: true });
    expect(inbox.get('live 1')).toMatchObject({ backfilled: false });
    expect(orderOf(anna)).toEqual(['missed 1', 'missed 2', 'live 1', 'live 2', 'live 3']);
  });

  test('that were missed are taken once, and what was begun stays where it is', () => {
    inbox.add(message('A', 100));
    settle('A', { attempts: 1 });
    inbox.add(message('B', 100));
    settle('B', { state: 'done', raw: null, settledAt: now });
    const page = ['M', 'A', 'B'].map((id) => ({ id, t: 100, raw: '{}' }));
    expect(inbox.addMissed(anna, page, inbox.lastPlace)).toBe(1);
    expect(inbox.addMissed(anna, page, inbox.lastPlace)).toBe(0);
    expect(orderOf(anna)).toEqual(['A', 'M']);
  });

  test('get no places that grow with the number of catch-ups', () => {
    for (let round = 0; round < 200; round += 1) {
      const since = inbox.lastPlace;
      inbox.add(message(`live ${round}`));
      inbox.addMissed(anna, [{ id: `missed ${round}`, t: 100, raw: '{}' }], since);
    }
    expect(inbox.lastPlace).toBeLessThan(2_000);
  });
});

test('what is known is told apart from what is not', () => {
  inbox.add(message('A'));
  inbox.add(message('B'));
  settle('B', { state: 'done', raw: null, settledAt: now });
  expect(inbox.unknown(['A', 'B', 'C', 'D'])).toEqual(new Set(['C', 'D']));
});

test('what is known of a message that can’t be read yet is set and forgotten', () => {
  inbox.set('undecrypted', 90);
  inbox.set('undecrypted', 120);
  expect(reopen().fact('undecrypted')).toBe(120);
  inbox.set('undecrypted', undefined);
  expect(reopen().fact('undecrypted')).toBeUndefined();
});

describe('dead letters', () => {
  const letters = (): DeadLetters => {
    const opened = DeadLetters.open(path);
    if (opened === undefined) throw new Error('there is no inbox');
    return opened;
  };
  beforeEach(() => {
    for (const id of ['A', 'B', 'C']) {
      inbox.add(message(id));
      settle(id, { state: 'dead', attempts: 3, deaths: 1, error: `${id} failed`, settledAt: (now += 1) });
    }
    inbox.add(message('D', 200));
    inbox.hasChangedOutside();
  });

  test('are listed by another process, the newest first, and counted', () => {
    const other = letters();
    expect(other.list(2).map(({ id }) => id)).toEqual(['C', 'B']);
    expect(other.counts()).toEqual({ waiting: 1, running: 0, dead: 3, done: 0 });
    expect(other.get('A')).toMatchObject({ raw: message('A').raw, error: 'A failed' });
    other.close();
    expect(inbox.hasChangedOutside()).toBe(false);
  });

  test('that another process replays have all their attempts before them, which the worker notices', () => {
    const other = letters();
    expect(other.replay(['B', 'D', 'none'])).toBe(1);
    other.close();
    expect(inbox.hasChangedOutside()).toBe(true);
    expect(inbox.hasChangedOutside()).toBe(false);
    expect(inbox.get('B')).toMatchObject({ state: 'waiting', attempts: 0, deaths: 0, settledAt: null });
    expect(inbox.head(anna)).toMatchObject({ id: 'B' });
  });

  test('that are dropped are done with, and stay known', () => {
    const other = letters();
    expect(other.drop()).toBe(3);
    other.close();
    expect(inbox.add(message('A'))).toBe(false);
    expect(inbox.counts()).toEqual({ waiting: 1, running: 0, dead: 0 });
  });

  test('of an account that never had a message are none, and no file is made', () => {
    expect(DeadLetters.open(join(folder, 'none.db'))).toBeUndefined();
    expect(readdirSync(folder)).not.toContain('none.db');
  });
});

test('the mark only rises', () => {
  expect(inbox.fact('mark')).toBeUndefined();
  inbox.raise('mark', 100);
  inbox.raise('mark', 90);
  expect(reopen().fact('mark')).toBe(100);
});

describe('while the file can’t be written', () => {
  test('messages are taken once and keep their order, and are written when it can', () => {
    inbox.add(message('A', 100));
    inbox.add(message('B', 101));
    const unblock = blockWrites();
    expect(inbox.add(message('C', 102))).toBe(true);
    expect(inbox.add(message('C', 102))).toBe(false);
    expect(inbox.add(message('A', 100))).toBe(false);
    expect(troubles).toHaveLength(1);
    settle('A', { state: 'done', raw: null, settledAt: now });
    expect(inbox.head(anna)).toMatchObject({ id: 'B' });
    expect(inbox.counts()).toEqual({ waiting: 2, running: 0, dead: 0 });
    expect(inbox.unknown(['A', 'B', 'C', 'D'])).toEqual(new Set(['D']));
    expect(inbox.addMissed(bela, [{ id: 'M', t: 99, raw: '{}' }], inbox.lastPlace)).toBe(1);
    expect(inbox.head(bela)).toMatchObject({ id: 'M' });
    expect(inbox.isSaved).toBe(false);
    inbox.raise('mark', 500);
    expect(inbox.save()).toBe(false);
    expect(troubles).toHaveLength(1);

    unblock();
    expect(inbox.save()).toBe(true);
    expect(saved).toEqual([3]);
    expect(reopen().fact('mark')).toBeUndefined();
    expect(inbox.get('A')).toMatchObject({ state: 'done' });
    expect(orderOf(anna)).toEqual(['B', 'C']);
    expect(orderOf(bela)).toEqual(['M']);
  }, 60_000);

  test('from the very start, messages are taken, and it is said that what was handled before is unknown', () => {
    inbox.add(message('A'));
    inbox.close();
    const elsewhere = join(folder, 'away');
    const options = {
      now: () => now,
      onTrouble: (error: unknown) => troubles.push(error),
      onSaved: () => undefined,
      onRebuilt: () => undefined,
    };
    inbox = new Inbox({ path: join(elsewhere, 'inbox.db'), ...options });
    expect(inbox.isOpen).toBe(false);
    expect(troubles).toHaveLength(1);
    expect(inbox.add(message('B'))).toBe(true);
    expect(inbox.head(anna)).toMatchObject({ id: 'B' });
    expect(inbox.save()).toBe(false);
  });
});

describe('a damaged file', () => {
  const fill = (): void => {
    for (let n = 0; n < 300; n += 1) inbox.add(message(`${n}`, 100 + n, n % 2 === 0 ? anna : bela));
    settle('0', { state: 'done', raw: null, settledAt: now });
    inbox.raise('mark', 777);
  };

  test('that is no database at all is set aside, and a new one begins', () => {
    inbox.close();
    writeFileSync(path, 'not a database, but long enough to look like one. '.repeat(100));
    inbox = open();
    expect(inbox.add(message('A'))).toBe(true);
    expect(rebuilt).toMatchObject([{ messages: 0, isComplete: false }]);
    expect(readFileSync(rebuilt[0]?.aside ?? '', 'utf8')).toContain('not a database');
    // When it was last written is the best that is known of what has been journaled.
    expect(inbox.fact('mark')).toBeGreaterThan(1_000_000_000);
  });

  test('gives up what can be read of it', () => {
    fill();
    inbox.close();
    const bytes = readFileSync(path);
    // Pages in the middle of the file: of the table or of an index.
    bytes.fill(0xa5, Math.floor(bytes.length / 2 / 4096) * 4096, Math.floor(bytes.length / 2 / 4096 + 2) * 4096);
    writeFileSync(path, bytes);
    inbox = open();
    const known = 300 - inbox.unknown(Array.from({ length: 300 }, (_, n) => `${n}`)).size;
    inbox.heads();
    expect(rebuilt).toHaveLength(1);
    expect(known).toBeGreaterThan(50);
    expect(inbox.add(message('new', 999))).toBe(true);
    expect(reopen().get('new')).toBeDefined();
    expect(rebuilt).toHaveLength(1);
  });

  test('that breaks while it is open loses nothing that comes then', () => {
    fill();
    inbox.close();
    inbox = open();
    truncateSync(path, 8192);
    for (let n = 300; n < 400; n += 1) inbox.add(message(`${n}`, 100 + n));
    expect(inbox.isSaved).toBe(true);
    expect(reopen().unknown(['300', '399'])).toEqual(new Set());
  });

  test('that is damaged again and again is kept in its newest three versions', () => {
    for (let round = 0; round < 4; round += 1) {
      inbox.close();
      writeFileSync(path, 'x'.repeat(9_000));
      inbox = open();
    }
    expect(readdirSync(folder).filter((name) => name.includes('damaged')).length).toBe(3);
  });
});

describe('what is forgotten', () => {
  test('is what was settled before the given time, a portion at a time, never what waits', () => {
    for (let n = 0; n < 25; n += 1) {
      inbox.add(message(`${n}`, 100 + n));
      if (n < 20) settle(`${n}`, { state: n % 2 === 0 ? 'done' : 'dead', settledAt: now + n });
    }
    const forget = (): Forgotten =>
      inbox.forget({ olderThan: now + 15, maxBytes: Infinity, askedSince: Infinity, atOnce: 10 });
    expect(forget()).toEqual({ isMore: true, deadLetters: 5 });
    expect(forget()).toEqual({ isMore: false, deadLetters: 2 });
    expect(inbox.unknown(Array.from({ length: 25 }, (_, n) => `${n}`)).size).toBe(15);
    expect(inbox.fact('floor')).toBe(114);
  });

  test('is nothing that the page may be asked for once more, however large the file is', () => {
    for (let n = 0; n < 10; n += 1) {
      inbox.add(message(`${n}`, 100 + n));
      settle(`${n}`, { state: 'done', settledAt: now });
    }
    expect(inbox.forget({ olderThan: now + 1, maxBytes: 0, askedSince: 104, atOnce: 50 }).isMore).toBe(false);
    expect(inbox.unknown(Array.from({ length: 10 }, (_, n) => `${n}`))).toEqual(new Set(['0', '1', '2', '3']));
    expect(inbox.fact('floor')).toBe(103);
  });

  test('is the oldest of what is done while the file is too large, and the file shrinks', () => {
    const raw = JSON.stringify({ body: 'x'.repeat(3_000) });
    for (let n = 0; n < 500; n += 1) inbox.add({ ...message(`${n}`, 100 + n), raw });
    const full = inbox.bytes;
    for (let n = 0; n < 400; n += 1) settle(`${n}`, { state: 'done', settledAt: now + n });
    settle('400', { state: 'dead', settledAt: now });
    while (inbox.forget({ olderThan: 0, maxBytes: full / 2, askedSince: Infinity, atOnce: 50 }).isMore);
    expect(inbox.bytes).toBeLessThan(full / 2 + 200_000);
    expect(inbox.get('400')).toMatchObject({ state: 'dead' });
    expect(inbox.counts()).toMatchObject({ waiting: 99, dead: 1 });
    inbox.close();
    expect(statSync(path).size).toBeLessThan(full);
  });
});

test('a file of an earlier version gets the indexes of this one, and keeps what is in it', () => {
  inbox.add(message('A'));
  inbox.close();
  const before = openDatabase(path);
  before.exec('DROP INDEX messages_places');
  before.exec("CREATE INDEX messages_unsettled ON messages (state) WHERE state IN ('waiting', 'running', 'dead')");
  before.close();
  inbox = open();
  expect(inbox.heads().map(({ id }) => id)).toEqual(['A']);
  const after = openDatabase(path);
  const indexes = after.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL").all();
  const plan = after.prepare(`EXPLAIN QUERY PLAN ${statements.lastPlace}`).all() as { detail: string }[];
  after.close();
  expect(indexes.map((index) => (index as { name: string }).name)).not.toContain('messages_unsettled');
  expect(plan.filter(({ detail }) => detail.includes('messages_places (state=?)'))).toHaveLength(3);
});

test('what is taken back is what has come since, unless somebody has begun with it', () => {
  inbox.add(message('before', 100));
  const since = inbox.lastPlace;
  for (const id of ['waits', 'runs', 'is done']) inbox.add(message(id, 101));
  settle('is done', { state: 'done', settledAt: now });
  settle('runs', { state: 'running', attempts: 1 });
  inbox.discard(since);
  expect(inbox.unknown(['before', 'waits', 'runs', 'is done'])).toEqual(new Set(['waits']));
});

describe('messages that have come together', () => {
  const together = ['C', 'A', 'B', 'A', 'D'].map((id) => message(id));

  test('are journaled in their order, each once, and those that are known stay as they are', () => {
    inbox.add(message('B'));
    settle('B', { state: 'done', raw: null, settledAt: now });
    inbox.addAll(together);
    expect(inbox.get('B')).toMatchObject({ state: 'done' });
    reopen();
    expect(orderOf(anna)).toEqual(['C', 'A', 'D']);
  });

  test('are kept in memory as each alone is while the disk takes nothing', () => {
    const release = blockWrites();
    inbox.addAll(together);
    expect(troubles).toHaveLength(1);
    release();
    expect(inbox.save()).toBe(true);
    reopen();
    expect(orderOf(anna)).toEqual(['C', 'A', 'B', 'D']);
  });
});
