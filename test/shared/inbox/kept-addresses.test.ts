import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { AddressPair } from '../../../shared/inbox/addresses.js';
import { Inbox, type Rebuilt } from '../../../shared/inbox/inbox.js';
import { openDatabase } from '../../../shared/inbox/inbox-file.js';
import { Identity } from '../../../worker/identity.js';

const now = 1_790_000_000_000;
const anna: AddressPair = ['111111111111111@lid', '15551230001@c.us'];
const bela: AddressPair = ['222222222222222@lid', '15551230002@c.us'];

let folder: string;
let path: string;
let inbox: Inbox;
let rebuilt: Rebuilt[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasup-kept-addresses-'));
  path = join(folder, 'inbox.db');
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
    onTrouble: () => undefined,
    onSaved: () => undefined,
    onRebuilt: (event) => rebuilt.push(event),
    patience: { first: 60_000, slice: 60_000, end: 60_000 },
  });
}

function reopen(): void {
  inbox.close();
  inbox = open();
}

function withFile<Result>(work: (file: ReturnType<typeof openDatabase>) => Result): Result {
  const file = openDatabase(path);
  try {
    return work(file);
  } finally {
    file.close();
  }
}

test('the addresses that people have are kept, with the newest number of each', () => {
  inbox.keepAddresses(new Map([anna, bela]));
  inbox.keepAddresses(new Map([[anna[0], '15551239999@c.us']]));
  inbox.keepAddresses(new Map([[bela[0], undefined]]));
  reopen();
  expect(inbox.addresses).toEqual([[anna[0], '15551239999@c.us']]);
});

test('what is no number isn’t kept, and is no trouble', () => {
  inbox.keepAddresses(
    new Map([anna, ['3@lid', 'x@c.us'], ['4@lid', `${'9'.repeat(30)}@c.us`], ['5@lid', '0123@c.us']]),
  );
  reopen();
  expect(inbox.addresses).toEqual([anna]);
});

test('an older version of wasup reads the inbox, and its rescue takes them along: they are facts like the others', () => {
  inbox.keepAddresses(new Map([anna]));
  inbox.close();
  withFile((file) => {
    expect(file.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 });
    expect(file.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()).toEqual([
      { name: 'facts' },
      { name: 'messages' },
    ]);
  });
});

test('they are written once the file takes them', () => {
  withFile((file) =>
    file.exec("CREATE TRIGGER refuse BEFORE INSERT ON facts BEGIN SELECT RAISE(ABORT, 'refused'); END"),
  );
  inbox.keepAddresses(new Map([anna]));
  expect(inbox.isSaved).toBe(false);
  expect(inbox.addresses).toEqual([anna]);
  withFile((file) => file.exec('DROP TRIGGER refuse'));
  expect(inbox.save()).toBe(true);
  reopen();
  expect(inbox.addresses).toEqual([anna]);
});

test('they go over into the file that takes the place of a damaged or a removed one', () => {
  for (let n = 0; n < 100; n += 1) inbox.add({ id: `m${n}`, chat: anna[1], t: n, raw: `{"pad":"${'p'.repeat(400)}"}` });
  inbox.keepAddresses(new Map([anna, bela]));
  inbox.close();
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.indexOf('ppp', Math.floor(bytes.length / 2)) / 4_096) * 4_096;
  writeFileSync(path, bytes.fill(0xff, at, at + 4_096));
  inbox = open();
  for (let n = 0; n < 100; n += 1) inbox.get(`m${n}`);
  expect(rebuilt).toHaveLength(1);
  expect(inbox.addresses).toEqual([anna, bela]);

  for (const companion of ['', '-wal', '-shm']) rmSync(`${path}${companion}`, { force: true });
  expect(inbox.hasChangedOutside()).toBe(true);
  reopen();
  expect(inbox.addresses).toEqual([anna, bela]);
});

test('of ten thousand people the newest are kept, on the disk as in memory', () => {
  const identity = new Identity({ inbox, isBusy: () => false, onMoved: () => undefined });
  const pairs = Array.from({ length: 12_000 }, (_, n): AddressPair => [`${n + 1}@lid`, `1555${n}@c.us`]);
  identity.learn(pairs.slice(0, 9_000));
  identity.keep();
  identity.learn(pairs.slice(9_000));
  identity.keep();
  reopen();
  expect(inbox.addresses).toEqual(pairs.slice(2_000));
});

test('what a file says that could not be opened at first is known from then on, and changes nothing of what was learnt since', () => {
  const identity = new Identity({ inbox, isBusy: () => false, onMoved: () => undefined });
  const newer: AddressPair = [anna[0], '15551239999@c.us'];
  identity.learn([newer]);
  // As an earlier life has left it.
  withFile((file) => {
    const insertion = file.prepare('INSERT INTO facts (name, value) VALUES (?, ?)');
    insertion.run(anna[0], 15551230001);
    insertion.run(bela[0], 15551230002);
  });
  identity.recall();
  expect([anna[0], bela[0]].map((lid) => identity.chatOf(lid))).toEqual([newer[1], bela[1]]);
  identity.keep();
  reopen();
  expect(inbox.addresses).toEqual([newer, bela]);
});
