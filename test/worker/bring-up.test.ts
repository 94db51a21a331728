import { EventEmitter } from 'node:events';

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { AttachedClient } from '../../worker/whatsapp/attached-client.js';
import { bringUp, type BroughtUp } from '../../worker/whatsapp/bring-up.js';
import { PageEvidence } from '../../worker/whatsapp/page-evidence.js';
import type { PageState } from '../../worker/whatsapp/page-state.js';
import type { WorkerFailure } from '../../worker/worker-failure.js';
import { incarnation, listening, syncing } from './page-states.js';

const authTimeoutMs = 30_000;
const syncTimeoutMs = 60_000;
const probeTimeoutMs = 4_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a page that does not answer', () => {
  it('is waited for while it syncs, as long as a sync may stand still', async () => {
    const page = new FakePage(syncing);
    const outcome = page.bringUp();
    await vi.advanceTimersByTimeAsync(1_000);
    page.silent = true;
    await vi.advanceTimersByTimeAsync(syncTimeoutMs - 2 * probeTimeoutMs);
    page.silent = false;
    page.state = listening;
    await vi.advanceTimersByTimeAsync(2 * probeTimeoutMs);
    expect(await outcome).toMatchObject({ state: listening });
  });

  it('is waited for anew after each answer', async () => {
    const page = new FakePage({ ...syncing, socket: 'OPENING' });
    const outcome = page.bringUp();
    for (let count = 0; count < 3; count += 1) {
      page.silent = true;
      await vi.advanceTimersByTimeAsync(probeTimeoutMs);
      page.silent = false;
      await vi.advanceTimersByTimeAsync(probeTimeoutMs);
    }
    page.state = listening;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcome).toMatchObject({ state: listening });
  });

  it.each([
    ['while it syncs', 'CONNECTED', syncTimeoutMs],
    ['while it takes over a link', 'PAIRING', syncTimeoutMs],
    ['before it syncs', 'OPENING', 2 * probeTimeoutMs],
  ])('is given up when it stays silent %s', async (_name, socket, patienceMs) => {
    const page = new FakePage({ ...syncing, socket });
    const outcome = page.bringUp();
    await vi.advanceTimersByTimeAsync(1_000);
    page.silent = true;
    let isOver = false;
    void outcome.finally(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(patienceMs - 1_000);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    // Opened anew: a browser that answers needn't be replaced.
    expect(await outcome).toMatchObject({
      class: 'TRANSIENT',
      message: expect.stringContaining('not answered') as string,
    });
  });

  it('is lost with its browser when that is silent too', async () => {
    const page = new FakePage({ ...syncing, socket: 'OPENING' });
    const outcome = page.bringUp();
    page.silent = true;
    page.browserIsSilent = true;
    await vi.advanceTimersByTimeAsync(6 * probeTimeoutMs);
    expect(await outcome).toMatchObject({ class: 'LOCAL' });
  });
});

describe('a page that does not get on', () => {
  it.each([
    ['UNLAUNCHED', 'NETWORK', authTimeoutMs],
    ['OPENING', 'NETWORK', authTimeoutMs],
    ['TIMEOUT', 'NETWORK', authTimeoutMs],
    ['PAIRING', 'TRANSIENT', authTimeoutMs],
    ['CONNECTED', 'TRANSIENT', syncTimeoutMs],
  ])('with its socket %s: a failure of class %s', async (socket, failureClass, patienceMs) => {
    const outcome = new FakePage({ ...syncing, socket }).bringUp();
    await vi.advanceTimersByTimeAsync(patienceMs + 1_000);
    expect(await outcome).toMatchObject({ class: failureClass });
  });
});

it('ends as soon as it is abandoned, and leaves nothing on the client', async () => {
  const page = new FakePage(syncing);
  const outcome = page.bringUp(Promise.reject(new Error('Target closed')));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await outcome).toMatchObject({ class: 'LOCAL' });
  expect(page.client.eventNames()).toEqual([]);
});

/** A page that says what it is told to, or nothing. */
class FakePage {
  silent = false;
  browserIsSilent = false;
  readonly client = Object.assign(new EventEmitter(), {
    inject: () => Promise.resolve(),
    page: {
      evaluate: () => (this.silent ? never : Promise.resolve(this.state)),
      browser: () => ({ version: () => (this.browserIsSilent ? never : Promise.resolve('Chrome/1')) }),
    },
  });

  constructor(public state: PageState) {}

  /** Resolves with the failure, too, so that it may come while nobody waits. */
  bringUp(abandoned = never): Promise<BroughtUp | WorkerFailure> {
    return bringUp({
      client: this.client as unknown as AttachedClient,
      incarnation,
      authTimeoutMs,
      syncTimeoutMs,
      probeTimeoutMs,
      log: pino({ level: 'silent' }),
      abandoned,
      waitsForPerson: () => false,
      evidence: new PageEvidence(),
      onProgress: () => undefined,
    }).catch((failure: unknown) => failure as WorkerFailure);
  }
}

const never = new Promise<never>(() => undefined);
