import { readdirSync } from 'node:fs';
import { appendFile, mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { BrowserProcess } from '../../supervisor/browser/browser-process.js';
import { appendixTo, readLog } from '../../supervisor/browser/leveldb/log-format.js';
import { isCutOff, mendDatabases } from '../../supervisor/browser/mend-databases.js';
import { refuseUnsafePage } from '../../supervisor/browser/refuse-unsafe-page.js';
import { BrowserFolder } from '../support/real-browser.js';
import { beginTwice, visit } from '../support/visit.js';

let folder: BrowserFolder;
let news: string[];

beforeEach(async () => {
  folder = await BrowserFolder.create();
  news = [];
});
afterEach(() => folder.remove());

describe('a browser that is killed between the head of a record and what it says', () => {
  it('keeps the login, whatever the next ones write', async () => {
    await visitAndStop('kept: undefined');
    const { path, lastRecordAt } = await newestLog();
    await truncate(path, lastRecordAt + 7);

    await visitAndStop('kept: a login');
    expect(news).toEqual([
      expect.stringMatching(
        /^Mended .*leveldb after a kill or a full disk: 7 bytes of half a record are cut off \d+\.log\.$/,
      ),
    ]);
    // Without the cut this one finds its database given up.
    await visitAndStop('kept: a login');
    expect(news).toHaveLength(1);
  });
});

describe('a browser that goes on writing after a record that a full disk has cut off', () => {
  it('keeps the login, and what was written behind', async () => {
    await visitAndStop('kept: undefined');
    const { path, lastRecordAt } = await newestLog();
    const log = await readFile(path);
    const entry = readLog(log).entries.at(-1) ?? Buffer.alloc(0);
    const torn = log.subarray(0, lastRecordAt + 7);
    await writeFile(path, Buffer.concat([torn, appendixTo(torn.length, entry)]));

    // Without it the database is given up now.
    await visitAndStop('kept: a login');
    expect(news).toEqual([
      expect.stringMatching(/after a kill or a full disk: half a record is taken out of the middle of/),
    ]);
    await visitAndStop('kept: a login');
    expect(news).toHaveLength(1);
  });
});

describe('a browser that is killed within two transactions', () => {
  it('keeps the login, and nothing of the two', async () => {
    await visitAndStop('kept: undefined');
    const browser = await start();
    await visit(browser, folder.path, beginTwice);
    process.kill(browser.pid, 'SIGKILL');
    await browser.exited;

    // Without what is done before, this one finds its databases given up.
    await visitAndStop('kept: a login');
    expect(news).toEqual([expect.stringMatching(/after a kill or a full disk: 2 open transactions are rolled back/)]);
    await visitAndStop('kept: a login');
    expect(news).toHaveLength(1);
  });
});

describe('before a browser starts', () => {
  it('an unfinished record is cut off the manifest in use, and off the newest log only', async () => {
    const database = join(folder.profile, 'Default', 'WebStorage', '3', 'IndexedDB', 'indexeddb.leveldb');
    await mkdir(database, { recursive: true });
    const torn = Buffer.concat([record(12), record(30).subarray(0, 12)]);
    const names = ['000009.log', '000010.log', 'MANIFEST-000001', 'MANIFEST-000002', '000011.ldb'];
    for (const name of names) await writeFile(join(database, name), torn);
    await writeFile(join(database, 'CURRENT'), 'MANIFEST-000002\n');
    await mendDatabases(folder.profile, (sentence) => news.push(sentence));
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(database, name))).size));
    expect(sizes).toEqual([torn.length, 19, torn.length, 19, torn.length]);
    expect(news).toHaveLength(2);
  });

  it('a profile without databases, or with none of its own yet, is nothing to do', async () => {
    await mendDatabases(folder.profile, (sentence) => news.push(sentence));
    await mkdir(join(folder.profile, 'Default', 'Local Storage', 'leveldb'), { recursive: true });
    await mendDatabases(folder.profile, (sentence) => news.push(sentence));
    expect(news).toEqual([]);
  });

  it('a database that can’t be looked at is named', async () => {
    const database = join(folder.profile, 'Default', 'Local Storage', 'leveldb');
    await mkdir(join(database, '000003.log'), { recursive: true });
    await mendDatabases(folder.profile, (sentence) => news.push(sentence));
    expect(news).toEqual([
      expect.stringMatching(/The browser's database .*Local Storage\/leveldb can't be looked at \(.*EISDIR/),
    ]);
  });
});

describe('while a browser runs', () => {
  let log: string;
  beforeEach(async () => {
    const database = join(folder.profile, 'Default', 'IndexedDB', 'https_web.whatsapp.com_0.indexeddb.leveldb');
    await mkdir(database, { recursive: true });
    log = join(database, '000010.log');
    await writeFile(join(database, '000009.log'), record(30).subarray(0, 12));
    await writeFile(log, Buffer.concat([record(12), record(30)]));
  });

  it('a record that stays unfinished is one that a full disk has cut off', async () => {
    await expect(isCutOff(folder.profile)).resolves.toBe(false);
    await truncate(log, 19 + 12);
    await expect(isCutOff(folder.profile)).resolves.toBe(true);
    // Nothing was mended: the browser has the file open.
    expect((await stat(log)).size).toBe(19 + 12);
    await expect(refuseUnsafePage(folder.profile)).rejects.toThrow('a full disk has cut off');
  });

  it('so is one behind which the browser has written on', async () => {
    await writeFile(log, Buffer.concat([record(12), record(30).subarray(0, 12), record(50)]));
    await expect(isCutOff(folder.profile)).resolves.toBe(true);
  });

  it('one that is just being written is none', async () => {
    await truncate(log, 19 + 12);
    const looking = isCutOff(folder.profile);
    await appendFile(log, record(30).subarray(12));
    await expect(looking).resolves.toBe(false);
    await expect(refuseUnsafePage(folder.profile)).resolves.toBeUndefined();
  });
});

function record(length: number): Buffer {
  return appendixTo(0, Buffer.alloc(length));
}

function start(): Promise<BrowserProcess> {
  return folder.start({ onNews: (sentence) => news.push(sentence) });
}

/** Each visit writes, too. */
async function visitAndStop(kept: string): Promise<void> {
  const browser = await start();
  expect(await visit(browser, folder.path)).toBe(kept);
  await browser.stop({ timeoutMs: 10_000 });
}

async function newestLog(): Promise<{ path: string; lastRecordAt: number }> {
  const indexed = join(folder.profile, 'Default', 'IndexedDB');
  const [database] = readdirSync(indexed).filter((name) => name.endsWith('.leveldb'));
  const [log] = readdirSync(join(indexed, database ?? ''))
    .filter((name) => name.endsWith('.log'))
    .sort()
    .reverse();
  const path = join(indexed, database ?? '', log ?? '');
  const bytes = await readFile(path);
  let lastRecordAt = 0;
  for (let position = 0; position + 7 < bytes.length; position += 7 + bytes.readUInt16LE(position + 4)) {
    lastRecordAt = position;
  }
  return { path, lastRecordAt };
}
