import { afterEach, beforeEach, expect, it } from 'vitest';

import type { StorageLook } from '../../../worker/storage-verdict.js';
import { installStorageWatch } from '../../../worker/whatsapp/page-storage.js';

/** As much of IndexedDB as a look needs. What was asked is answered in the next turn of the event loop. */
class FakeStorage {
  readonly opened: string[] = [];
  readonly databases: EventTarget[] = [];
  canOpen = true;
  canWrite = true;
  hangs = false;
  #record: unknown;

  open(name: string): EventTarget {
    this.opened.push(name);
    const database = Object.assign(new EventTarget(), {
      name,
      createObjectStore: () => undefined,
      close: () => undefined,
      transaction: (_: string, mode: string) => this.#transaction(mode),
    });
    this.databases.push(database);
    const { canOpen } = this;
    return this.#answer({ result: database, error: canOpen ? null : new Error('backing store') }, canOpen);
  }

  /** As Chromium does when one write has failed. */
  closeAll(): void {
    for (const database of this.databases) database.dispatchEvent(new Event('close'));
  }

  #transaction(mode: string): EventTarget {
    const transaction = Object.assign(new EventTarget(), {
      error: new Error('full'),
      objectStore: () => ({
        put: (value: unknown) => (this.#record = value),
        get: () => this.#answer({ result: this.#record, error: null }, true),
      }),
    });
    const event = this.canWrite ? 'complete' : 'abort';
    if (mode === 'readwrite' && !this.hangs) setImmediate(() => transaction.dispatchEvent(new Event(event)));
    return transaction;
  }

  #answer(fields: object, isWell: boolean): EventTarget {
    const request = Object.assign(new EventTarget(), fields);
    setImmediate(() => request.dispatchEvent(new Event(isWell ? 'success' : 'error')));
    return request;
  }
}

let storage: FakeStorage;
let page: { wasupStorage?: { look(value: number, patienceMs: number): Promise<StorageLook | 'waits'> } };

beforeEach(() => {
  storage = new FakeStorage();
  const prototype = { open: (name: string) => storage.open(name) };
  page = { IDBFactory: { prototype }, indexedDB: {} } as typeof page;
  Reflect.set(globalThis, 'window', page);
  installStorageWatch();
});
afterEach(() => Reflect.deleteProperty(globalThis, 'window'));

function look(patienceMs = 60_000): Promise<StorageLook | 'waits' | undefined> {
  return page.wasupStorage?.look(1, patienceMs) ?? Promise.resolve(undefined);
}

it('a look writes and reads back a record, in a database that is opened once', async () => {
  expect([await look(), await look()]).toEqual(Array(2).fill({ error: null, closed: [] }));
  expect(storage.opened).toEqual(['wasup']);
});

it('a database that Chromium has closed is not opened again: it would write on behind what a full disk has cut off', async () => {
  await look();
  storage.closeAll();
  expect([await look(), await look()]).toEqual(Array(2).fill({ error: null, closed: ['wasup'] }));
  expect(storage.opened).toEqual(['wasup']);
});

it('a database that can’t be opened is not tried again, also when there is room', async () => {
  storage.canOpen = false;
  const failure = { error: 'Error: backing store', closed: [] };
  expect(await look()).toEqual(failure);
  storage.canOpen = true;
  expect(await look()).toEqual(failure);
  expect(storage.opened).toEqual(['wasup']);
});

it('a write that fails in a database that stays open is tried again there', async () => {
  storage.canWrite = false;
  expect(await look()).toEqual({ error: 'Error: full', closed: [] });
  storage.canWrite = true;
  expect(await look()).toEqual({ error: null, closed: [] });
  expect(storage.opened).toEqual(['wasup']);
});

it('a page that lives says that its storage keeps it waiting', async () => {
  storage.hangs = true;
  expect(await look(20)).toBe('waits');
});

it('a page that is busy doesn’t put that down to its storage', async () => {
  await look();
  const looking = look(20);
  // A timer that is late by more than all of the patience comes before the storage is heard, and counts as one turn.
  for (const end = performance.now() + 50; performance.now() < end;);
  expect(await looking).toEqual({ error: null, closed: [] });
});
