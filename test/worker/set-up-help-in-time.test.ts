import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { AttachedClient } from '../../worker/whatsapp/attached-client.js';
import type { PageEvidence } from '../../worker/whatsapp/page-evidence.js';
import { SetUpHelp } from '../../worker/whatsapp/set-up-help.js';
import { WorkerFailure } from '../../worker/worker-failure.js';
import { listening } from './page-states.js';

const synced = { ...listening, utilities: false, incarnation: null };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A page that has synced, looked at every 100 ms. */
class SyncedPage {
  helped = 0;
  readonly evidence = { setUpErrors: 0, failure: (): WorkerFailure | undefined => undefined };
  readonly help: SetUpHelp;

  constructor(knowsOfSync: boolean) {
    const page = { evaluate: () => Promise.resolve(void (this.helped += 1)) };
    this.help = new SetUpHelp(
      {
        client: { page } as unknown as AttachedClient,
        evidence: this.evidence as unknown as PageEvidence,
        log: pino({ level: 'silent' }),
      },
      { injected: true, knowsOfSync },
    );
  }

  async isLookedAtFor(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += 100) {
      this.help.consider(synced);
      await vi.advanceTimersByTimeAsync(100);
    }
  }

  async isSilentFor(milliseconds: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(milliseconds);
    this.help.pauseFor(milliseconds);
  }
}

describe('a library that has heard of the sync', () => {
  it('is helped when it has not set itself up within ten seconds', async () => {
    const page = new SyncedPage(true);
    await page.isLookedAtFor(9_900);
    expect(page.helped).toBe(0);
    await page.isLookedAtFor(400);
    expect(page.helped).toBe(1);
  });

  it('is given the time again in which its page was too busy to answer', async () => {
    const page = new SyncedPage(true);
    await page.isLookedAtFor(5_000);
    await page.isSilentFor(20_000);
    await page.isLookedAtFor(4_500);
    expect(page.helped).toBe(0);
  });
});

describe('a library that was helped', () => {
  it('has another ten seconds, then another load of the page may help', async () => {
    const page = new SyncedPage(false);
    await page.isLookedAtFor(9_000);
    expect(page.helped).toBe(1);
    await page.isSilentFor(20_000);
    await page.isLookedAtFor(1_000);
    await expect(page.isLookedAtFor(1_000)).rejects.toMatchObject({ class: 'TRANSIENT', reloadMayHelp: true });
    expect(page.helped).toBe(1);
  });

  it('is not given up for what it had thrown before', async () => {
    const page = new SyncedPage(true);
    page.evidence.setUpErrors = 1;
    await page.isLookedAtFor(2_000);
    expect(page.helped).toBe(1);
  });

  it('is given up at once, with the cause, when it throws again', async () => {
    const page = new SyncedPage(true);
    page.evidence.setUpErrors = 1;
    await page.isLookedAtFor(1_000);
    page.evidence.setUpErrors = 2;
    page.evidence.failure = () => new WorkerFailure('INCOMPATIBLE', 'A module is missing');
    await expect(page.isLookedAtFor(100)).rejects.toMatchObject({
      class: 'INCOMPATIBLE',
      message: 'A module is missing',
      reloadMayHelp: true,
    });
  });
});
