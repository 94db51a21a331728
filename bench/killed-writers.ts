import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { launch } from 'puppeteer';

import { mendDatabases } from '../supervisor/browser/mend-databases.js';
import { launchArguments } from '../supervisor/browser/launch-arguments.js';

/** What became of a profile whose browser was killed again and again while its page wrote. */
export interface KilledWriter {
  readonly mends: boolean;
  readonly kills: number;
  /** How often a start found its database empty that had something in it. */
  readonly lost: number;
  /** How often something was mended before a start. */
  readonly mended: number;
}

export interface KilledWritersOptions {
  readonly kills: number;
  readonly executablePath: string;
  readonly report: (line: string) => void;
}

const shortestLifeMs = 300;
const longestLifeMs = 2_800;

/** Chromium alone, as wasup starts it, with and without what wasup does before, taking turns. */
export async function measureKilledWriters(options: KilledWritersOptions): Promise<KilledWriter[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wasup-bench-'));
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end(page);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const sides = [true, false].map((mends) => ({
    mends,
    profile: join(folder, String(mends)),
    kills: 0,
    lost: 0,
    mended: 0,
  }));
  try {
    // The first life is for a database to lose; each kill shows in the life after it.
    for (let round = 0; round <= options.kills + 1; round += 1) {
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
        if (side.mends) await mendDatabases(side.profile, () => (side.mended += 1));
        const hadBefore = await liveAndDie(options.executablePath, side.profile, url, round > 0);
        if (round < 2) continue;
        side.kills += 1;
        if (!hadBefore) side.lost += 1;
      }
      if (round % 10 === 0)
        options.report(sides.map(({ lost, mended }) => `${lost} lost, ${mended} mended`).join('; without: '));
    }
  } finally {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
  return sides;
}

/** @returns whether the database had something in it. */
async function liveAndDie(executablePath: string, profile: string, url: string, isKilled: boolean): Promise<boolean> {
  const browser = await launch({
    executablePath,
    pipe: true,
    ignoreDefaultArgs: true,
    args: launchArguments({ profileDirectory: profile, extraArguments: [], asRoot: process.getuid?.() === 0 }),
  });
  const [tab] = await browser.pages();
  if (tab === undefined) throw new Error('Chromium has no page.');
  await tab.goto(url);
  const hadBefore = await tab.evaluate('ready');
  if (isKilled) {
    await tab.evaluate('write()');
    await sleep(shortestLifeMs + Math.random() * (longestLifeMs - shortestLifeMs));
    const child = browser.process();
    child?.kill('SIGKILL');
    if (child !== null && child.signalCode === null) await once(child, 'exit');
  } else {
    await browser.close();
  }
  return hadBefore === true;
}

/** Writes as WhatsApp Web does while messages come, and faster: small records, in transactions of several stores and of one. */
const page = `<!doctype html><script>
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = request.oncomplete = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const stores = ['login', 'message', 'chat', 'receipt'];
  let database;
  const ready = (async () => {
    const opening = indexedDB.open('kept', 1);
    opening.onupgradeneeded = () => {
      for (const store of stores) opening.result.createObjectStore(store, { keyPath: 'id' }).createIndex('at', 'at');
    };
    database = await done(opening);
    const transaction = database.transaction('login', 'readwrite', { durability: 'strict' });
    const kept = await done(transaction.objectStore('login').get('login'));
    transaction.objectStore('login').put({ id: 'login', at: 1 });
    await done(transaction);
    return kept !== undefined;
  })();
  const write = () => {
    let number = 0;
    const goOn = (names, put) => {
      const transaction = database.transaction(names, 'readwrite');
      number += 1;
      put((store, record) => transaction.objectStore(store).put({ at: number, ...record }));
      transaction.oncomplete = () => goOn(names, put);
    };
    goOn(['message', 'chat'], (put) => {
      put('message', { id: Date.now() + ' ' + number, text: 'x'.repeat(Math.random() * 2_000) });
      put('chat', { id: number % 10, text: 'y'.repeat(300) });
    });
    goOn(['receipt'], (put) => put('receipt', { id: number % 100, text: 'z'.repeat(1_000) }));
  };
</script>`;
