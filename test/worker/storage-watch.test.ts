import { beforeEach, expect, it } from 'vitest';

import type { Impairment } from '../../shared/protocol/messages.js';
import { SessionHealth } from '../../worker/session-health.js';
import type { FoundStorage, StorageLook } from '../../worker/storage-verdict.js';
import { StorageWatch } from '../../worker/storage-watch.js';

const well: StorageLook = { error: null, closed: [] };
const unwritable: StorageLook = { error: 'UnknownError: IO error', closed: ['model-storage'] };
const closed: StorageLook = { error: null, closed: ['model-storage'] };

let page: FoundStorage | undefined;
let isRoomy: boolean;
let document: number | undefined;
let deeds: string[];
let told: (string | null)[];
let watch: StorageWatch;

beforeEach(() => {
  [page, isRoomy, document, deeds, told] = [well, true, 1, [], []];
  const onChange = (impairment: Impairment | null): void => void told.push(impairment?.reason ?? null);
  const onPause = (isPaused: boolean): void => void deeds.push(isPaused ? 'pause' : 'go on');
  watch = new StorageWatch({
    health: new SessionHealth({ onChange, onPause }),
    timeoutMs: 50,
    profile: '/profile',
    look: () => (page === 'silent' ? new Promise(() => undefined) : Promise.resolve(page)),
    hasRoom: () => Promise.resolve(isRoomy),
    fail: (failure) => deeds.push(`fail: ${failure.class}`),
    document: () => document,
  });
});

it('on a full disk the bot is given nothing and the page is left alone; with room there is another browser', async () => {
  page = unwritable;
  isRoomy = false;
  for (let looks = 0; looks < 3; looks += 1) await watch.look();
  expect(deeds).toEqual(['pause']);
  expect(told.at(-1)).toMatch(/can't be written .* has no room/);
  page = closed;
  await watch.look();
  expect(deeds).toEqual(['pause']);
  isRoomy = true;
  await watch.look();
  expect(deeds).toEqual(['pause', 'fail: LOCAL']);
});

it('goes on with a page that can write again before it was missed', async () => {
  page = unwritable;
  isRoomy = false;
  await watch.look();
  page = well;
  await watch.look();
  expect(deeds).toEqual(['pause', 'go on']);
  expect(told.at(-1)).toBeNull();
});

it('takes a page that is busy for no storage that fails, and one whose storage keeps it waiting for one', async () => {
  page = 'waits';
  for (let looks = 0; looks < 2; looks += 1) await watch.look();
  page = 'silent';
  for (let looks = 0; looks < 5; looks += 1) await watch.look();
  expect([deeds, told]).toEqual([[], []]);
  page = 'waits';
  await watch.look();
  expect(deeds).toEqual(['pause', 'fail: LOCAL']);
});

it('an answer ends the waiting that was counted', async () => {
  for (const found of ['waits', 'waits', well, 'waits', 'waits'] as const) {
    page = found;
    await watch.look();
  }
  expect(deeds).toEqual([]);
});

it('says nothing of a document that has gone meanwhile, or that doesn’t listen', async () => {
  page = closed;
  const looking = watch.look();
  document = 2;
  await looking;
  document = undefined;
  await watch.look();
  expect([deeds, told]).toEqual([[], []]);
});

it('makes nothing of a page that can have no storage, as Chromium shows where WhatsApp can’t be reached', async () => {
  page = undefined;
  for (let looks = 0; looks < 3; looks += 1) await watch.look();
  expect(await watch.findFailure()).toBeUndefined();
  await watch.refuseUnsafeLoad('The page shows an error');
  expect([deeds, told]).toEqual([[], []]);
});

it.each([
  ['can’t write', unwritable, 'LOCAL'],
  ['has lost its databases', closed, 'LOCAL'],
  ['is well', well, undefined],
  ['doesn’t answer: it may be busy', 'silent', undefined],
  ['waits for its storage, which may be busy', 'waits', undefined],
] as const)('a page that comes up and %s', async (_, found, failure) => {
  page = found;
  document = undefined;
  expect((await watch.findFailure())?.class).toBe(failure);
  expect((await watch.findFailure())?.class).toBe(failure);
  expect([deeds, told]).toEqual([[], []]);
});

it.each([
  ['is well, on a disk with room', well, true, undefined],
  ['doesn’t answer', 'silent', true, undefined],
  ['is well, on a disk without room', well, false, 'LOCAL'],
  ['has lost its databases, whatever room there is', closed, true, 'LOCAL'],
] as const)(
  'a page is loaded anew only in a browser that can keep the login: it %s',
  async (_, found, room, failure) => {
    page = found;
    isRoomy = room;
    const refusal = await watch.refuseUnsafeLoad('It stands still').catch((thrown: unknown) => thrown);
    expect((refusal as { class: string } | undefined)?.class).toBe(failure);
  },
);
