import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { HealBudget } from '../../worker/heal-budget.js';
import { ListeningProbe } from '../../worker/listening-probe.js';
import { classifyFailure } from '../../worker/classify-failure.js';
import type { AttachedClient } from '../../worker/whatsapp/attached-client.js';
import type { PageState } from '../../worker/whatsapp/page-state.js';
import { incarnation, listening } from './page-states.js';

const deadlines = { probeIntervalMs: 5_000, probeTimeoutMs: 4_000 };
const deaf: PageState = { ...listening, utilities: false };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('looks once an interval, and never twice at a time', async () => {
  const page = new ProbedPage();
  await vi.advanceTimersByTimeAsync(26_000);
  expect(page).toMatchObject({ looks: 5, mostAtATime: 1, states: 5, deeds: [] });
});

describe('a page that doesn’t answer', () => {
  it('is missed by two looks in a row, within a quarter of a minute; a browser that answers is kept', async () => {
    const page = new ProbedPage();
    await vi.advanceTimersByTimeAsync(5_001);
    page.silent = true;
    await vi.advanceTimersByTimeAsync(15_000);
    expect(page.deeds).toEqual(['fail: TRANSIENT']);
    expect(page.mostAtATime).toBe(2);
  });

  it('is lost with a browser that doesn’t either', async () => {
    const page = new ProbedPage();
    page.silent = true;
    page.browserIsSilent = true;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(page.deeds).toEqual(['fail: LOCAL']);
  });

  it('is forgiven one look', async () => {
    const page = new ProbedPage();
    for (let times = 0; times < 5; times += 1) {
      page.silent = true;
      await vi.advanceTimersByTimeAsync(6_000);
      page.silent = false;
      await vi.advanceTimersByTimeAsync(3_500);
    }
    expect(page.deeds).toEqual([]);
    expect(page.looks).toBeGreaterThan(8);
  });

  it('is not missed while nothing could reach it, and is when that is over', async () => {
    const page = new ProbedPage();
    page.silent = true;
    page.isCutOff = true;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(page.deeds).toEqual([]);
    expect(page.probe.last).toBeNull();
    page.isCutOff = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(page.deeds[0]).toBe('fail: TRANSIENT');
  });

  it('is left alone when the session doesn’t listen any more, or another document has come', async () => {
    const page = new ProbedPage();
    page.silent = true;
    await vi.advanceTimersByTimeAsync(9_500);
    page.document += 1;
    await vi.advanceTimersByTimeAsync(3_600);
    page.isListening = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(page.deeds).toEqual([]);
  });
});

describe('a deaf page', () => {
  it('is healed, three times in ten minutes at most; then the worker is given up', async () => {
    const page = new ProbedPage();
    page.state = deaf;
    await vi.advanceTimersByTimeAsync(21_000);
    expect(page.deeds.slice(0, 4)).toEqual(['heal', 'heal', 'heal', 'fail: TRANSIENT']);
  });

  it('is healed as often as it takes when it happens seldom', async () => {
    const page = new ProbedPage();
    for (let times = 0; times < 6; times += 1) {
      page.state = deaf;
      await vi.advanceTimersByTimeAsync(5_000);
      page.state = listening;
      await vi.advanceTimersByTimeAsync(300_000);
    }
    expect(page.deeds).toEqual(['heal', 'heal', 'heal', 'heal', 'heal', 'heal']);
  });

  it('is left alone while its storage is impaired', async () => {
    const page = new ProbedPage();
    page.state = deaf;
    page.isStorageImpaired = true;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(page.deeds).toEqual([]);
    expect(page.storageLooks).toBeGreaterThan(10);
  });

  it('is none while it comes up, and its messages are counted anew in each document', async () => {
    const page = new ProbedPage();
    page.state = { ...listening, messages: 7 };
    page.messages = 7;
    await vi.advanceTimersByTimeAsync(11_000);
    page.isListening = false;
    page.state = deaf;
    await vi.advanceTimersByTimeAsync(60_000);
    page.document += 1;
    page.messages = 0;
    page.state = listening;
    page.isListening = true;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(page.deeds).toEqual([]);
  });
});

it('is quiet after it was stopped, also when a look is going on', async () => {
  const page = new ProbedPage();
  page.state = deaf;
  page.silent = true;
  await vi.advanceTimersByTimeAsync(6_000);
  page.probe.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(page).toMatchObject({ looks: 1, deeds: [] });
});

it('remembers what the newest look has found, and when', async () => {
  const page = new ProbedPage();
  const looks: [PageState | 'silent', string][] = [
    [listening, 'healthy'],
    [{ ...listening, socket: 'OPENING' }, 'away'],
    [deaf, 'deaf'],
    ['silent', 'silent'],
  ];
  expect(page.probe.last).toBeNull();
  for (const [state, outcome] of looks) {
    page.silent = state === 'silent';
    if (state !== 'silent') page.state = state;
    const before = page.looks;
    await vi.advanceTimersByTimeAsync(deadlines.probeIntervalMs);
    expect(page.looks).toBe(before + 1);
    if (page.silent) await vi.advanceTimersByTimeAsync(deadlines.probeTimeoutMs + 100);
    const at = Date.parse(page.probe.last?.at ?? '');
    expect(page.probe.last?.outcome).toBe(outcome);
    expect(Date.now() - at).toBeLessThan(deadlines.probeIntervalMs);
  }
  const last = page.probe.last;
  page.isListening = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(page.probe.last).toEqual(last);
});

it('hands on what ends a look', async () => {
  const page = new ProbedPage();
  page.error = new Error('Protocol error (Runtime.callFunctionOn): Target closed');
  await vi.advanceTimersByTimeAsync(5_001);
  expect(page.deeds).toEqual(['fail: LOCAL']);
});

class ProbedPage {
  state: PageState = listening;
  silent = false;
  browserIsSilent = false;
  error: Error | undefined;
  document = 1;
  messages = 0;
  isListening = true;
  isCutOff = false;
  looks = 0;
  mostAtATime = 0;
  storageLooks = 0;
  isStorageImpaired = false;
  states = 0;
  readonly deeds: string[] = [];
  readonly probe: ListeningProbe;
  #lookingNow = 0;

  constructor() {
    const never = new Promise<never>(() => undefined);
    const page = {
      evaluate: async () => {
        this.looks += 1;
        this.#lookingNow += 1;
        this.mostAtATime = Math.max(this.mostAtATime, this.#lookingNow);
        if (this.silent) await never;
        await Promise.resolve();
        this.#lookingNow -= 1;
        if (this.error !== undefined) throw this.error;
        return this.state;
      },
      browser: () => ({ version: () => (this.browserIsSilent ? never : Promise.resolve('Chrome/1')) }),
    };
    // What a client says changes while it is watched.
    const client = Object.defineProperties(
      { page, drained: () => Promise.resolve() },
      { document: { get: () => this.document }, messages: { get: () => this.messages } },
    );
    this.probe = new ListeningProbe({
      client: client as unknown as AttachedClient,
      incarnation,
      deadlines,
      isListening: () => this.isListening,
      isCutOff: () => this.isCutOff,
      onState: () => void (this.states += 1),
      budget: new HealBudget(),
      onLost: () => this.deeds.push('fetch'),
      lookAtStorage: () => Promise.resolve(void (this.storageLooks += 1)),
      isStorageImpaired: () => this.isStorageImpaired,
      heal: () => this.deeds.push('heal'),
      fail: (thrown) => this.deeds.push(`fail: ${classifyFailure(thrown).class}`),
    });
    this.probe.start();
  }
}
