import type { Page } from 'puppeteer';

import type { StorageLook } from '../storage-verdict.js';

interface Events {
  addEventListener(event: string, listener: () => void): void;
}

interface StorageRequest<Result> extends Events {
  readonly result: Result;
  readonly error: Error | null;
}

interface Transaction extends Events {
  readonly error: Error | null;
  objectStore(name: string): {
    put(value: number, key: string): unknown;
    get(key: string): StorageRequest<unknown>;
  };
}

interface StorageDatabase extends Events {
  readonly name: string;
  createObjectStore(name: string): void;
  transaction(store: string, mode: 'readonly' | 'readwrite'): Transaction;
  close(): void;
}

type Open = (name: string, version?: number) => StorageRequest<StorageDatabase>;

interface StorageWindow {
  readonly IDBFactory: { readonly prototype: { open: Open } };
  readonly indexedDB: object;
  readonly origin: string;
  /** Set in each document, before WhatsApp's own code where a worker was there in time. */
  readonly wasupStorage?: { look(value: number, patienceMs: number): Promise<StorageLook | 'waits'> };
}

declare const window: StorageWindow;

/**
 * Runs in the page, once in a document. Notes which of WhatsApp's databases Chromium closes under it, as it does with
 * all of them when one write fails; and writes and reads back a record of its own, in a database of its own. WhatsApp's
 * data isn't touched.
 */
export function installStorageWatch(): void {
  if (window.wasupStorage !== undefined) return;
  const own = 'wasup';
  const store = 'probe';
  const closed = new Set<string>();
  let database: StorageDatabase | undefined;
  const request = <Result>(asked: StorageRequest<Result>): Promise<Result> =>
    new Promise((resolve, reject) => {
      asked.addEventListener('success', () => resolve(asked.result));
      asked.addEventListener('error', () => reject(asked.error ?? new Error('no reason given')));
    });
  const { prototype } = window.IDBFactory;
  const open = Reflect.get(prototype, 'open');
  prototype.open = function (this: unknown, ...parameters: Parameters<Open>) {
    const opening = Reflect.apply(open, this, parameters);
    opening.addEventListener('success', () => {
      const { result } = opening;
      if (result.name === own) return;
      closed.delete(result.name);
      result.addEventListener('close', () => closed.add(result.name));
    });
    return opening;
  };
  const openOwn = async (): Promise<StorageDatabase> => {
    const opening = Reflect.apply(open, window.indexedDB, [own, 1]);
    opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(store));
    const opened = await request(opening);
    // WhatsApp deletes all there is when the device is unlinked.
    opened.addEventListener('versionchange', () => {
      opened.close();
      database = undefined;
    });
    // All of a page's databases are one for Chromium. Of those that were opened before this code was there, this one's
    // end tells.
    opened.addEventListener('close', () => {
      database = undefined;
      closed.add(own);
    });
    return opened;
  };
  /** Why nothing is opened or written any more; see below. */
  let failure: string | null = null;
  const writeAndRead = async (value: number): Promise<StorageLook> => {
    // Chromium would open its store anew for us, and write on behind what a full disk has cut off: the login would be
    // lost with it.
    if (failure !== null || closed.size > 0) return { error: failure, closed: [...closed] };
    let isOpen = false;
    try {
      database ??= await openOwn();
      isOpen = true;
      const transaction = database.transaction(store, 'readwrite');
      const written = new Promise<void>((resolve, reject) => {
        transaction.addEventListener('complete', () => resolve());
        transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('the write was aborted')));
      });
      transaction.objectStore(store).put(value, 'look');
      await written;
      const read = await request(database.transaction(store, 'readonly').objectStore(store).get('look'));
      if (read !== value) throw new Error('a record was written and could not be read back');
      return { error: null, closed: [...closed] };
    } catch (error) {
      const { name, message } = error as Error;
      const told = `${name}: ${message}`.slice(0, 300);
      // A database that is open may be written again later; one that can't be opened is left alone in this document.
      if (!isOpen) failure = told;
      return { error: told, closed: [...closed] };
    }
  };
  /** A disk that hangs is asked once at a time. */
  let underWay: Promise<StorageLook> | undefined;
  const look = async (value: number, patienceMs: number): Promise<StorageLook | 'waits'> => {
    underWay ??= writeAndRead(value).finally(() => (underWay = undefined));
    let timer: ReturnType<typeof setInterval> | undefined;
    // In turns of the event loop: time in which the page is busy with something else is not its storage's.
    let turns = 20;
    const patience = new Promise<'waits'>((resolve) => {
      timer = setInterval(() => --turns === 0 && resolve('waits'), patienceMs / turns);
    });
    try {
      return await Promise.race([underWay, patience]);
    } finally {
      clearInterval(timer);
    }
  };
  Object.defineProperty(window, 'wasupStorage', { value: { look }, enumerable: false });
}

/**
 * Has the page write and read back a record, and say which of its databases were closed.
 *
 * @param patienceMs how long it waits for its storage, where it has the time.
 * @returns undefined for a page that can have no storage and says nothing about WhatsApp's: Chromium's own, in place of
 * one that it couldn't load. Its origin is opaque.
 */
export async function lookAtStorage(
  page: Page,
  value: number,
  patienceMs: number,
): Promise<StorageLook | 'waits' | undefined> {
  if (await page.evaluate(() => window.origin === 'null')) return undefined;
  await page.evaluate(installStorageWatch);
  return page.evaluate((written, ms) => window.wasupStorage?.look(written, ms), value, patienceMs);
}
