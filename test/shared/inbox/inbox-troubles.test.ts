import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Inbox, type Rebuilt } from '../../../shared/inbox/inbox.js';
import { type Database, openDatabase } from '../../../shared/inbox/inbox-file.js';
import type { ArrivedMessage, InboxMessage } from '../../../shared/inbox/inbox-message.js';
import { openDamaged, readFacts, readMessages } from '../../../shared/inbox/salvage.js';
import { canMount, SmallDisk } from '../../support/small-disk.js';

const now = 1_790_000_000_000;
const anna = '15551230001@c.us';
const bela = '15551230002@c.us';

let folder: string;
let path: string;
let inbox: Inbox;
let troubles: string[];
let saved: number[];
let rebuilt: Rebuilt[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasup-inbox-troubles-'));
  path = join(folder, 'inbox.db');
  troubles = [];
  saved = [];
  rebuilt = [];
  inbox = open(path);
});
afterEach(() => {
  inbox.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(file: string): Inbox {
  return new Inbox({
    path: file,
    now: () => now,
    onTrouble: (error) => troubles.push((error as Error).message),
    onSaved: (messages) => saved.push(messages),
    onRebuilt: (event) => rebuilt.push(event),
    // At once, however busy the machine is.
    patience: { first: 60_000, slice: 60_000, end: 60_000 },
  });
}

function message(id: string, t = 100, chat = anna): ArrivedMessage {
  return { id, chat, t, raw: JSON.stringify({ id, body: 'x'.repeat(200) }) };
}

function change(id: string, changes: Partial<InboxMessage>): void {
  const found = inbox.get(id);
  if (found === undefined) throw new Error(`no ${id}`);
  inbox.update({ ...found, ...changes });
}

const finish = (id: string): void => change(id, { state: 'done', raw: null, settledAt: now });

function orderOf(chat: string): string[] {
  const order: string[] = [];
  for (let head = inbox.head(chat); head !== undefined; head = inbox.head(chat)) {
    order.push(head.id);
    finish(head.id);
  }
  return order;
}

/** What the next worker finds when this one is killed now. */
function afterDeath<Result>(look: (next: Inbox) => Result): Result {
  const copy = mkdtempSync(join(tmpdir(), 'wasup-inbox-copy-'));
  cpSync(folder, copy, { recursive: true });
  const next = open(join(copy, 'inbox.db'));
  try {
    return look(next);
  } finally {
    next.close();
    rmSync(copy, { recursive: true, force: true });
  }
}

function whileBlocked<Result>(work: () => Result): Result {
  const other = openDatabase(path);
  other.exec('BEGIN IMMEDIATE');
  try {
    return work();
  } finally {
    other.exec('ROLLBACK');
    other.close();
  }
}

/** So that the messages can be read, and none be found by its id. */
function breakIndexOfIds(): void {
  const database = openDatabase(path);
  const index: unknown = database
    .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_messages_1'")
    .get();
  database.close();
  const bytes = readFileSync(path);
  const page = ((index as { rootpage: number }).rootpage - 1) * 4_096;
  writeFileSync(path, bytes.fill(0xa5, page, page + 4_096));
}

function readAll(database: Database): { messages: InboxMessage[]; isWhole: boolean } {
  const messages: InboxMessage[] = [];
  const steps = readMessages(database, (some) => messages.push(...some));
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return { messages, isWhole: step.value };
}

describe('while another process writes for long', () => {
  test('a message that is told again is not taken for a new one', () => {
    inbox.add(message('A'));
    finish('A');
    expect(whileBlocked(() => inbox.add(message('A')))).toBe(false);
    expect(inbox.save()).toBe(true);
    expect(inbox.get('A')).toMatchObject({ state: 'done' });
  });

  test.runIf(process.platform === 'linux')(
    'and then closes the file, what is journaled afterwards is there for the next worker',
    () => {
      inbox.add(message('A'));
      whileBlocked(() => inbox.add(message('B')));
      inbox.save();
      const leaver = fileURLToPath(new URL('../fixtures/leaves-a-database.js', import.meta.url));
      expect(execFileSync(process.execPath, ['--expose-gc', leaver, path], { encoding: 'utf8' })).toBe('["A","B"]');
      inbox.add(message('C'));
      expect(readdirSync(folder)).toContain('inbox.db-wal');
      expect(afterDeath((next) => next.get('C'))).toMatchObject({ state: 'waiting' });
    },
  );

  test('what was missed comes before what came while it was read, also within the same second, from memory and from the file', () => {
    inbox.add(message('begun'));
    change('begun', { attempts: 1 });
    inbox.add(message('known'));
    inbox.add(message('elsewhere', 100, bela));
    const since = inbox.lastPlace;
    inbox.add(message('live 1'));
    const missed = ['missed 1', 'known', 'missed 2'].map((id) => ({ id, t: 100, raw: id === 'known' ? null : '{}' }));
    whileBlocked(() => {
      inbox.add(message('live 2'));
      expect(inbox.addMissed(anna, missed, since)).toBe(2);
      expect(inbox.addMissed(anna, missed, since)).toBe(0);
      inbox.add(message('live 3'));
    });
    expect(inbox.save()).toBe(true);
    inbox.close();
    inbox = open(path);
    expect(orderOf(anna)).toEqual(['begun', 'missed 1', 'known', 'missed 2', 'live 1', 'live 2', 'live 3']);
    expect(orderOf(bela)).toEqual(['elsewhere']);
  });

  test('what is known of a message that can’t be read yet is kept, and written before the mark rises', () => {
    inbox.set('undecrypted', 200);
    whileBlocked(() => inbox.set('undecrypted', 90));
    expect(inbox.fact('undecrypted')).toBe(90);
    inbox.raise('mark', 500);
    expect(inbox.fact('mark')).toBeUndefined();
    expect(inbox.save()).toBe(true);
    expect(afterDeath((next) => next.fact('undecrypted'))).toBe(90);
    whileBlocked(() => inbox.set('undecrypted', undefined));
    expect(inbox.fact('undecrypted')).toBeUndefined();
    inbox.save();
    expect(afterDeath((next) => next.fact('undecrypted'))).toBeUndefined();
  });

  test('the second time is told as the first', () => {
    whileBlocked(() => inbox.raise('mark', 100));
    inbox.raise('mark', 101);
    whileBlocked(() => inbox.add(message('A')));
    expect(troubles).toHaveLength(2);
  });
});

describe('a file that can be opened only later', () => {
  const away = (): string => `${folder}-away`;
  /** As after the death of an earlier worker, on a disk that isn't there yet. */
  function reopenAway(): void {
    inbox.close();
    renameSync(folder, away());
    inbox = open(path);
    expect(inbox.isOpen).toBe(false);
  }
  function bringBack(): void {
    renameSync(away(), folder);
    expect(inbox.save()).toBe(true);
  }

  test('goes before what came meanwhile, also within the same second', () => {
    for (const id of ['A', 'B', 'C']) inbox.add(message(id));
    reopenAway();
    for (const id of ['D', 'E']) inbox.add(message(id));
    bringBack();
    inbox.add(message('F'));
    expect(orderOf(anna)).toEqual(['A', 'B', 'C', 'D', 'E', 'F']);
  });

  test('says that it holds more than was known', () => {
    inbox.add(message('A'));
    reopenAway();
    expect(inbox.hasChangedOutside()).toBe(false);
    bringBack();
    expect(inbox.hasChangedOutside()).toBe(true);
    expect(inbox.hasChangedOutside()).toBe(false);
  });

  test('knows what came a second time meanwhile, except what was handled by then', () => {
    const states = { waiting: {}, tried: { attempts: 2 }, done: { state: 'done', raw: null }, dead: { state: 'dead' } };
    for (const [id, changes] of Object.entries(states)) {
      for (const time of ['untouched', 'running', 'finished']) {
        inbox.add(message(`${id} ${time}`));
        change(`${id} ${time}`, changes as Partial<InboxMessage>);
      }
    }
    reopenAway();
    for (const id of Object.keys(states)) {
      for (const time of ['untouched', 'running', 'finished']) expect(inbox.add(message(`${id} ${time}`))).toBe(true);
      change(`${id} running`, { state: 'running', attempts: 1 });
      finish(`${id} finished`);
    }
    bringBack();
    const stateOf = (id: string): string => {
      const { state, attempts } = inbox.get(id) ?? {};
      return `${state} ${attempts}`;
    };
    const untouched = Object.keys(states).map((id) => stateOf(`${id} untouched`));
    expect(untouched).toEqual(['waiting 0', 'waiting 2', 'done 0', 'dead 0']);
    const running = Object.keys(states).map((id) => stateOf(`${id} running`));
    expect(running).toEqual(['running 1', 'running 1', 'done 0', 'running 1']);
    expect(Object.keys(states).map((id) => inbox.get(`${id} finished`)?.state)).toEqual(Array(4).fill('done'));
  });

  test('is waited for by who would take what is known for new', () => {
    reopenAway();
    expect(() => inbox.unknown(['A'])).toThrow();
    expect(() => inbox.addMissed(anna, [{ id: 'A', t: 1, raw: '{}' }], 0)).toThrow();
    expect(inbox.heads()).toEqual([]);
    renameSync(away(), folder);
  });
});

describe('a file that is taken away while it is open', () => {
  beforeEach(() => {
    for (let n = 0; n < 50; n += 1) inbox.add(message(`${n}`, 100 + n, n % 2 === 0 ? anna : bela));
    finish('0');
    inbox.raise('mark', 777);
    inbox.set('undecrypted', 90);
    inbox.hasChangedOutside();
  });
  const whole = (next: Inbox): void => {
    expect(next.unknown(Array.from({ length: 50 }, (_, n) => `${n}`))).toEqual(new Set());
    expect(next.counts()).toEqual({ waiting: 49, running: 0, dead: 0 });
    expect([next.fact('mark'), next.fact('undecrypted')]).toEqual([777, 90]);
    expect([next.head(anna)?.id, next.head(bela)?.id]).toEqual(['2', '1']);
  };

  test.each([
    ['it alone', ['']],
    ['with its companions', ['', '-wal', '-shm']],
    ['its write-ahead log', ['-wal']],
    ['its shared memory', ['-shm']],
  ])('(%s) is written anew, with all that it had', (_name, companions) => {
    for (const companion of companions) rmSync(`${path}${companion}`);
    expect(inbox.hasChangedOutside()).toBe(true);
    expect(troubles).toEqual([`${path} was removed or replaced while it was in use`]);
    expect(saved).toEqual([50]);
    whole(inbox);
    inbox.add(message('50', 200, '15551230003@c.us'));
    afterDeath((next) => {
      expect(next.get('50')).toBeDefined();
    });
    expect(inbox.hasChangedOutside()).toBe(false);
  });

  test('and replaced by an older copy has what both had, and what is newer of each', () => {
    const copy = join(folder, 'copy.db');
    const older = open(copy);
    for (const id of ['0', '1', 'older']) older.add(message(id, 50));
    older.raise('mark', 700);
    older.close();
    renameSync(copy, path);
    expect(inbox.hasChangedOutside()).toBe(true);
    expect(inbox.get('older')).toMatchObject({ state: 'waiting' });
    expect(inbox.get('0')).toMatchObject({ state: 'done' });
    expect(inbox.counts().waiting).toBe(50);
    expect(inbox.fact('mark')).toBe(777);
  });

  test('is handled from memory until there can be another one', () => {
    renameSync(folder, `${folder}-away`);
    inbox.hasChangedOutside();
    expect(inbox.isOpen).toBe(false);
    inbox.add(message('50', 200));
    expect(orderOf(bela)[0]).toBe('1');
    cpSync(`${folder}-away`, folder, { recursive: true });
    expect(inbox.save()).toBe(true);
    expect(inbox.get('1')).toMatchObject({ state: 'done' });
    expect(inbox.counts().waiting).toBe(25);
    rmSync(`${folder}-away`, { recursive: true });
  });

  test('is noticed at the end at the latest', () => {
    rmSync(path);
    inbox.close();
    inbox = open(path);
    whole(inbox);
  });
});

describe('a damaged file', () => {
  test('has what is handled while it is found out, though it could not be read any more', () => {
    inbox.add(message('A'));
    change('A', { state: 'running', attempts: 1 });
    const running = inbox.get('A');
    inbox.close();
    writeFileSync(path, 'no database any more. '.repeat(400));
    inbox = open(path);
    expect(rebuilt).toMatchObject([{ messages: 0 }]);
    if (running !== undefined) inbox.update({ ...running, state: 'done', raw: null, settledAt: now });
    expect(inbox.add(message('A'))).toBe(false);
    expect(afterDeath((next) => next.get('A'))).toMatchObject({ state: 'done', attempts: 1 });
  });

  test.each(['told again', 'missed'])('that is noticed by a message that is %s doesn’t make it a new one', (way) => {
    for (let n = 0; n < 300; n += 1) inbox.add(message(`${n}`, 100 + n));
    finish('7');
    inbox.close();
    breakIndexOfIds();
    inbox = open(path);
    if (way === 'told again') expect(inbox.add(message('7'))).toBe(false);
    else expect(inbox.addMissed(anna, [message('7'), message('new', 500)], inbox.lastPlace)).toBe(1);
    expect(rebuilt).toMatchObject([{ messages: 300, isComplete: true }]);
    expect(inbox.isSaved).toBe(true);
    expect(inbox.counts().waiting).toBe(way === 'told again' ? 299 : 300);
    expect(afterDeath((next) => next.get('7'))).toMatchObject({ state: 'done' });
  });

  test('that is damaged a third time in one life is left alone, and messages are handled from memory', () => {
    for (let round = 1; round <= 3; round += 1) {
      inbox.add(message(`lost ${round}`, round));
      const other = openDatabase(path);
      // So that SQLite remembers nothing of what was in it.
      other.exec("INSERT INTO facts VALUES ('changed', 1)");
      for (const companion of ['', '-wal']) {
        const file = `${path}${companion}`;
        writeFileSync(file, Buffer.alloc(statSync(file).size, 0xa5));
      }
      other.close();
      expect(inbox.add(message(`kept ${round}`, round))).toBe(true);
      expect(inbox.head(anna)).toMatchObject({ id: `kept ${round}` });
      finish(`kept ${round}`);
      expect(rebuilt).toHaveLength(Math.min(round, 2));
    }
    expect(inbox.save()).toBe(false);
    expect(inbox.get('kept 3')).toMatchObject({ state: 'done' });
  });

  test('gives up no row that makes no sense', () => {
    inbox.close();
    rmSync(path);
    const database = openDatabase(path);
    database.exec(
      'CREATE TABLE messages (id, chat, t, place, state, raw, backfilled, attempts, deaths, next_at, error, received_at, settled_at);' +
        'CREATE TABLE facts (name, value)',
    );
    const good: unknown[] = ['A', anna, 100, 1, 'waiting', '{}', 0, 0, 0, null, null, now, null];
    const insert = database.prepare(`INSERT INTO messages VALUES (${good.map(() => '?').join(', ')})`);
    insert.run(...good);
    good.forEach((_value, column) => {
      const bad = [...good];
      bad[0] = `bad ${column}`;
      bad[column] = column === 9 || column === 10 || column === 12 ? Buffer.from('?') : null;
      insert.run(...bad);
    });
    database.exec("INSERT INTO facts VALUES ('mark', 777), ('floor', NULL)");
    database.close();
    const damaged = openDamaged(path);
    expect(readAll(damaged)).toMatchObject({ messages: [{ id: 'A' }], isWhole: false });
    expect(readFacts(damaged)).toEqual({ facts: [{ name: 'mark', value: 777 }], isWhole: false });
    damaged.close();
    rmSync(path);
  });
});

describe.runIf(canMount)('on a disk that is full', () => {
  let disk: SmallDisk;
  let place: string;
  beforeEach(() => {
    inbox.close();
    disk = new SmallDisk(join(folder, 'disk'), 4);
    place = join(disk.folder, 'inbox.db');
    inbox = open(place);
  });
  afterEach(() => {
    inbox.close();
    disk.unmount();
  });
  const descriptors = (): number =>
    readdirSync('/proc/self/fd').filter((descriptor) => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(place);
      } catch {
        return false;
      }
    }).length;

  test('messages wait in memory without a new connection for each try', () => {
    inbox.add(message('A'));
    disk.fill();
    for (let n = 0; n < 50; n += 1) inbox.add(message(`${n}`, 200 + n));
    for (let n = 0; n < 50; n += 1) expect(inbox.save()).toBe(false);
    expect(troubles).toHaveLength(1);
    expect(descriptors()).toBeLessThan(10);
    disk.relent();
    expect(inbox.save()).toBe(true);
    expect(inbox.counts().waiting).toBe(51);
    expect(orderOf(anna).slice(0, 3)).toEqual(['A', '0', '1']);
  });

  test('what could be read of a damaged file is handled, and written when there is space', () => {
    for (let n = 0; n < 100; n += 1) inbox.add(message(`${n}`, 100 + n));
    finish('0');
    inbox.raise('mark', 777);
    inbox.close();
    path = place;
    breakIndexOfIds();
    inbox = open(place);
    disk.fill();
    expect(inbox.add(message('0'))).toBe(false);
    expect(rebuilt).toMatchObject([{ messages: 100, isComplete: true }]);
    expect(inbox.isSaved).toBe(false);
    expect(inbox.head(anna)).toMatchObject({ id: '1' });
    finish('1');
    expect(inbox.counts().waiting).toBe(98);
    disk.relent();
    expect(inbox.save()).toBe(true);
    inbox.close();
    inbox = open(place);
    expect(inbox.head(anna)).toMatchObject({ id: '2' });
    expect(inbox.fact('mark')).toBe(777);
  });

  const act = fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('arrive' as const), chat: fc.nat(2), t: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('come again' as const), which: fc.nat(30) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('handle' as const), chat: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('begin' as const), chat: fc.nat(2) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('fill', 'relent', 'save', 'remove', 'go', 'look') }) },
  );
  test('and relents, or loses the file: each message is handled once, in the order of its chat', () => {
    fc.assert(
      fc.property(fc.array(act, { minLength: 5, maxLength: 60 }), (acts) => {
        inbox.close();
        disk.unmount();
        disk = new SmallDisk(disk.folder, 1);
        inbox = open(place);
        const handled: string[] = [];
        const running = new Map<string, InboxMessage>();
        const arrived: ArrivedMessage[] = [];
        const end = (chat: string): void => {
          const begun = running.get(chat);
          if (begun === undefined) return;
          running.delete(chat);
          handled.push(begun.id);
          inbox.update({ ...begun, state: 'done', raw: null, settledAt: now });
        };
        const begin = (chat: string): void => {
          const head = running.has(chat) ? undefined : inbox.head(chat);
          const found = head === undefined ? undefined : inbox.get(head.id);
          if (found === undefined) return;
          const begun: InboxMessage = { ...found, state: 'running', attempts: found.attempts + 1 };
          running.set(chat, begun);
          inbox.update(begun);
        };
        const handle = (chat: string): void => {
          end(chat);
          begin(chat);
          end(chat);
        };
        for (const step of acts) {
          if (step.do === 'arrive' && 't' in step) {
            const newest = Math.max(0, ...arrived.map(({ t }) => t));
            const fresh = message(`${arrived.length}`, newest + (step.t === 3 ? 1 : 0), `chat ${step.chat}`);
            arrived.push(fresh);
            expect(inbox.add(fresh)).toBe(true);
          } else if (step.do === 'come again' && 'which' in step) {
            const again = arrived[step.which];
            if (again !== undefined) expect(inbox.add(again)).toBe(false);
          } else if (step.do === 'begin' && 'chat' in step) begin(`chat ${step.chat}`);
          else if (step.do === 'handle' && 'chat' in step) handle(`chat ${step.chat}`);
          else if (step.do === 'fill') disk.fill();
          else if (step.do === 'relent') disk.relent();
          else if (step.do === 'save') inbox.save();
          else if (step.do === 'look') inbox.hasChangedOutside();
          else if (step.do === 'remove') {
            rmSync(place, { force: true });
            inbox.hasChangedOutside();
          } else {
            // What can't be written until the worker goes is out of the inbox's hands.
            disk.relent();
            for (const chat of running.keys()) end(chat);
            inbox.close();
            inbox = open(place);
          }
          const waiting = arrived.length - handled.length - running.size;
          expect(inbox.counts()).toEqual({ waiting, running: running.size, dead: 0 });
        }
        disk.relent();
        expect(inbox.save()).toBe(true);
        inbox.close();
        inbox = open(place);
        for (const chat of ['chat 0', 'chat 1', 'chat 2']) {
          end(chat);
          while (inbox.head(chat) !== undefined) handle(chat);
          const order = arrived.filter((one) => one.chat === chat).map(({ id }) => id);
          expect(handled.filter((id) => order.includes(id))).toEqual(order);
        }
      }),
      { numRuns: 60 },
    );
  });
});
