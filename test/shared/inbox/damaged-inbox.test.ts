import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Inbox, type InboxOptions, type Rebuilt } from '../../../shared/inbox/inbox.js';
import { openDatabase, openInboxFile } from '../../../shared/inbox/inbox-file.js';
import { noteDeathWhileReading } from '../../../shared/inbox/read-marker.js';
import { statements } from '../../../shared/inbox/statements.js';
import { until } from '../../support/until.js';

const now = 1_790_000_000_000;
const page = 4_096;
/** Each step of a rescue is one turn of the event loop. */
const impatient = { first: 0, slice: 0, end: 60_000 };

let folder: string;
let path: string;
let rebuilt: Rebuilt[];
let saved: number[];
let troubles: unknown[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasup-damaged-'));
  path = join(folder, 'inbox.db');
  rebuilt = [];
  saved = [];
  troubles = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(more: Partial<InboxOptions> = {}): Inbox {
  return new Inbox({
    path,
    now: () => now,
    onTrouble: (error) => troubles.push(error),
    onSaved: (messages) => saved.push(messages),
    onRebuilt: (event) => rebuilt.push(event),
    patience: { first: 60_000, slice: 60_000, end: 60_000 },
    ...more,
  });
}

const chatOf = (n: number): string => `${n % 20}@c.us`;
const idOf = (n: number): string => `false_${chatOf(n)}_${n}`;

/** 400 messages of 20 chats that wait, and nothing in the write-ahead log. */
function fill(count = 400): Buffer {
  const inbox = open();
  for (let n = 0; n < count; n += 1)
    inbox.add({
      id: idOf(n),
      chat: chatOf(n),
      t: 1_000 + n,
      raw: JSON.stringify({ body: `text ${n}`, pad: 'p'.repeat(200) }),
    });
  inbox.close();
  return readFileSync(path);
}

/** Handles what waits, as a dispatcher does. @returns what was handled, in its order. */
function handleAll(inbox: Inbox): { id: string; chat: string; t: number }[] {
  const handled: { id: string; chat: string; t: number }[] = [];
  for (let heads = inbox.heads(); heads.length > 0; heads = inbox.heads()) {
    for (const head of heads) {
      if (handled.length > 1_000) throw new Error('the same messages are handled again and again');
      const found = inbox.take(head);
      if (found === undefined) continue;
      handled.push(head);
      inbox.update({ ...found, state: 'done', raw: null, settledAt: now });
    }
  }
  return handled;
}

const readable = (inbox: Inbox): number =>
  Array.from({ length: 400 }, (_, n) => inbox.get(idOf(n))).filter((message) => message !== undefined).length;

describe('an inbox that is cut off', () => {
  test.each([0.25, 0.5, 0.75, 0.95])('after %d of it gives back what can be read', (part) => {
    const whole = fill();
    const length = Math.floor(whole.length * part) + 100;
    writeFileSync(path, whole.subarray(0, length));
    // The rows whose text is in what is left, in whatever order the pages are in.
    const left = Array.from({ length: 400 }, (_, n) => n).filter((n) => {
      const at = whole.indexOf(`"text ${n}"`);
      return at >= 0 && Math.ceil(at / page) * page <= length;
    });
    const inbox = open();
    inbox.heads();
    expect(rebuilt).toMatchObject([{ isComplete: false }]);
    expect(readable(inbox)).toBeGreaterThanOrEqual(left.length - 2);
    expect(left.length).toBeGreaterThan(100 * part);
    inbox.close();
  });
});

describe('a damaged inbox', () => {
  test('with a bit flipped in the text of a message that waits is read, and ends no process', () => {
    const bytes = fill(10);
    const at = bytes.indexOf('text 3') + 2;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 0x80, at);
    writeFileSync(path, bytes);
    const inbox = open();
    expect(handleAll(inbox)).toHaveLength(10);
    inbox.close();
  });

  test('loses the rows of one damaged page in the middle, and none behind it', () => {
    const whole = fill();
    const at = Math.floor(whole.indexOf('"text 200"') / page) * page;
    whole.fill(0, at, at + page);
    writeFileSync(path, whole);
    const inbox = open();
    expect(handleAll(inbox).length).toBeGreaterThan(380);
    expect(rebuilt).toMatchObject([{ isComplete: false }]);
    inbox.close();
  });

  const damages = {
    'one bit': (bytes: Buffer, at: number, value: number) => {
      const place = at % bytes.length;
      bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << (value % 8)), place);
    },
    'one byte': (bytes: Buffer, at: number, value: number) => (bytes[at % bytes.length] = value),
    'a page of zeros': (bytes: Buffer, at: number) => {
      const start = Math.floor((at % bytes.length) / page) * page;
      bytes.fill(0, start, start + page);
    },
    'a sector of noise': (bytes: Buffer, at: number, value: number) => {
      const start = Math.floor((at % bytes.length) / 512) * 512;
      for (let n = 0; n < 512; n += 1) bytes[start + n] = (value * 31 + n * 17 + n * n) % 256;
    },
  };
  // Any place is as likely as any other.
  const damage = fc.noBias(
    fc.record({
      how: fc.constantFrom(...(Object.keys(damages) as (keyof typeof damages)[])),
      at: fc.nat(2 ** 30),
      value: fc.nat(255),
    }),
  );

  test('in any way is no end of taking and handling messages, each in the order of its chat and at most once', () => {
    const whole = fill();
    const kept: number[] = [];
    fc.assert(
      fc.property(damage, ({ how, at, value }) => {
        for (const name of readdirSync(folder)) rmSync(join(folder, name));
        const bytes = Buffer.from(whole);
        damages[how](bytes, at, value);
        writeFileSync(path, bytes);
        let inbox: Inbox;
        try {
          inbox = open();
        } catch (error) {
          // A bit of the layout's number says that a newer version has written it; nothing is changed then.
          expect((error as Error).message).toMatch(/newer version/);
          return;
        }
        inbox.running();
        const handled = handleAll(inbox);
        kept.push(handled.length);
        expect(new Set(handled.map(({ id }) => id)).size).toBe(handled.length);
        expect(inbox.add({ id: 'new', chat: 'new', t: 9_000, raw: '{}' })).toBe(true);
        expect(inbox.add({ id: 'new', chat: 'new', t: 9_000, raw: '{}' })).toBe(false);
        inbox.close();
        const next = open();
        expect(handleAll(next).map(({ id }) => id)).toEqual(['new']);
        next.close();
      }),
      { numRuns: 60 },
    );
    // Mostly a page is what is lost.
    expect(kept.filter((count) => count < 300).length).toBeLessThan(kept.length / 4);
  });
});

describe('a rescue that takes longer', () => {
  function damage(): void {
    const whole = fill();
    const at = Math.floor(whole.indexOf('"text 200"') / page) * page;
    writeFileSync(path, whole.fill(0xa5, at, at + page));
  }

  /** Until the table is found to be damaged. */
  function find(inbox: Inbox): void {
    for (let n = 0; n < 400 && inbox.isOpen; n += 1) inbox.get(idOf(n));
    expect(inbox.isOpen).toBe(false);
  }

  test('leaves the event loop its turns, and takes messages meanwhile: none is lost, none is there twice', async () => {
    damage();
    const inbox = open({ patience: impatient });
    find(inbox);
    const added: string[] = [];
    let turns = 0;
    while (!inbox.isOpen) {
      turns += 1;
      added.push(`live ${turns}`);
      // A new one, and one that is in the file, of which nothing is known now.
      expect(inbox.add({ id: `live ${turns}`, chat: 'live', t: 5_000, raw: '{}' })).toBe(true);
      inbox.add({ id: idOf(turns), chat: chatOf(turns), t: 1_000 + turns, raw: '{}' });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(turns).toBeGreaterThan(5);
    expect(readdirSync(folder).filter((name) => name.includes('.rescued'))).toEqual([]);
    await until(() => inbox.save() || undefined, { expectation: () => 'all is in the file' });
    expect(rebuilt).toMatchObject([{ isComplete: false }]);
    const handled = handleAll(inbox).map(({ id }) => id);
    expect(handled.filter((id) => id.startsWith('live'))).toEqual(added);
    expect(new Set(handled).size).toBe(handled.length);
    expect(handled.length).toBeGreaterThan(380 + added.length);
    inbox.close();
  });

  test('is done by the end of a worker that leaves, and begun anew after one that was killed', () => {
    damage();
    const inbox = open({ patience: impatient });
    find(inbox);
    // What the next worker finds when this one is killed now.
    const copy = `${folder}-copy`;
    cpSync(folder, copy, { recursive: true });
    inbox.close();
    for (const place of [folder, copy]) {
      const next = open({ path: join(place, 'inbox.db') });
      for (let n = 0; n < 400; n += 1) next.get(idOf(n));
      expect(readable(next)).toBeGreaterThan(380);
      next.close();
      expect(readdirSync(place).filter((name) => name.includes('.rescued'))).toEqual([]);
    }
    expect(rebuilt).toHaveLength(2);
    rmSync(copy, { recursive: true });
  });

  test('reads no memory that the garbage collector has freed between two steps', () => {
    fill();
    const program = fileURLToPath(new URL('../fixtures/rescues-under-collection.ts', import.meta.url));
    const ended = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', program, path], { encoding: 'utf8' });
    expect([ended.signal, ended.status, ended.stdout]).toEqual([null, 0, '400']);
  });

  test('also goes on for a file that was taken away', async () => {
    fill();
    const inbox = open({ patience: impatient });
    rmSync(path);
    inbox.hasChangedOutside();
    expect(inbox.isOpen).toBe(false);
    expect(inbox.add({ id: 'live', chat: 'live', t: 5_000, raw: '{}' })).toBe(true);
    await until(() => inbox.save() || undefined, { expectation: () => 'all is in the new file' });
    expect(saved).toEqual([401]);
    expect(handleAll(inbox)).toHaveLength(401);
    inbox.close();
  });
});

describe('an inbox that a worker has died with by a fault signal', () => {
  /** A process of its own, which native code ends while it reads (or rescues) the inbox. */
  function dieBy(signal: string, work: 'reading' | 'rescuing'): void {
    const program = fileURLToPath(new URL('../fixtures/dies-while-reading.ts', import.meta.url));
    const { signal: died } = spawnSync(process.execPath, ['--import', 'tsx', program, path, work, signal], {
      timeout: 30_000,
      killSignal: 'SIGINT',
    });
    expect(died).toBe(signal);
    noteDeathWhileReading(path, died);
  }

  test('while it was read is set aside by the next one, with nothing lost, and once', () => {
    fill();
    dieBy('SIGABRT', 'reading');
    const next = open();
    expect(rebuilt).toMatchObject([{ messages: 400, isComplete: true }]);
    expect(handleAll(next)).toHaveLength(400);
    next.close();
    open().close();
    expect(rebuilt).toHaveLength(1);
  });

  test('while it was rescued is set aside unread, and a new one begins', () => {
    fill();
    dieBy('SIGSEGV', 'rescuing');
    const next = open();
    expect(rebuilt).toMatchObject([{ messages: 0, isComplete: false }]);
    expect(next.add({ id: 'new', chat: 'new', t: 9_000, raw: '{}' })).toBe(true);
    next.close();
  });

  test('is left as it is where the signal came from outside, or another moment', () => {
    fill();
    dieBy('SIGKILL', 'reading');
    noteDeathWhileReading(path, 'SIGKILL');
    open().close();
    noteDeathWhileReading(path, 'SIGABRT');
    const next = open();
    expect(rebuilt).toEqual([]);
    next.close();
  });
});

test('what waits in memory is written a part at a time', () => {
  const inbox = open({ patience: impatient });
  const other = openDatabase(path);
  other.exec("CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'refused'); END");
  for (let n = 0; n < 1_000; n += 1) inbox.add({ id: idOf(n), chat: chatOf(n), t: n, raw: '{}' });
  other.exec('DROP TRIGGER refuse');
  other.close();
  let times = 1;
  while (!inbox.save()) times += 1;
  expect(times).toBeGreaterThan(3);
  expect(saved).toEqual([1_000]);
  expect(handleAll(inbox)).toHaveLength(1_000);
  inbox.close();
});

test('a message that can’t be written doesn’t keep others from the file', () => {
  const inbox = open();
  const other = openDatabase(path);
  other.exec(
    "CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ABORT, 'refused'); END",
  );
  for (const id of ['bad', 'A', 'B']) inbox.add({ id, chat: id, t: 100, raw: '{}' });
  expect(inbox.save()).toBe(false);
  expect(inbox.fault).toBeInstanceOf(Error);
  expect(other.prepare('SELECT id FROM messages ORDER BY id').all()).toMatchObject([{ id: 'A' }, { id: 'B' }]);
  other.exec('DROP TRIGGER refuse');
  other.close();
  expect(inbox.save()).toBe(true);
  expect(inbox.fault).toBeUndefined();
  expect(handleAll(inbox)).toHaveLength(3);
  inbox.close();
});

describe('a statement', () => {
  test.each(Object.entries(statements))('(%s) goes by an index, and never through all messages', (_name, sql) => {
    fill(1);
    const database = openInboxFile(path);
    const values = Array.from({ length: sql.split('?').length - 1 }, () => (sql.includes('json_each(?)') ? '[]' : 1));
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
    database.close();
    const details = plan.map(({ detail }) => detail);
    expect(details.filter((detail) => /^SCAN messages(?! USING (COVERING )?INDEX)/.test(detail))).toEqual([]);
  });
});
