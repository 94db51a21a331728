import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { followDocuments } from '../../worker/follow-documents.js';
import type { BroughtUp } from '../../worker/whatsapp/bring-up.js';
import { WorkerFailure } from '../../worker/worker-failure.js';

const broughtUp = { healed: false } as BroughtUp;
const destroyed = new Error('Execution context was destroyed, most likely because of a navigation.');
/** Longer than a new document is waited for after a step was cut off. */
const longMs = 10_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a session that comes up', () => {
  it('comes up in the newest document, whatever becomes of the earlier ones', async () => {
    const page = new FakePage();
    page.reload();
    page.reload();
    expect(page.attempts).toHaveLength(3);
    for (const { replaced } of page.attempts.slice(0, 2)) await expect(replaced).rejects.toThrow();
    page.attempts[0]?.fail(destroyed);
    page.attempts[1]?.fail(new WorkerFailure('LOCAL', 'of an earlier document'));
    page.attempts[2]?.succeed();
    await expect(page.first).resolves.toBe(broughtUp);
    await vi.advanceTimersByTimeAsync(longMs);
    expect(page.faults).toEqual([]);
    expect(page.reloads).toBe(0);
  });

  it('survives that a step is cut off before the new document is known', async () => {
    const page = new FakePage();
    page.attempts[0]?.fail(destroyed);
    await vi.advanceTimersByTimeAsync(100);
    page.reload();
    page.attempts[1]?.succeed();
    await expect(page.first).resolves.toBe(broughtUp);
  });

  it('fails by the failure of its document: a cut-off step counts if no other document comes', async () => {
    const page = new FakePage();
    page.attempts[0]?.fail(destroyed);
    const failed = expect(page.first).rejects.toMatchObject({ class: 'TRANSIENT' });
    await vi.advanceTimersByTimeAsync(longMs);
    await failed;
  });

  it('fails at once when the browser is gone', async () => {
    const page = new FakePage();
    page.attempts[0]?.fail(new Error('Target closed'));
    await expect(page.first).rejects.toMatchObject({ class: 'LOCAL' });
  });

  it('gives up a page that reloads itself again and again', async () => {
    const page = new FakePage();
    for (let count = 0; count < 5; count += 1) page.reload();
    expect(page.attempts).toHaveLength(6);
    page.reload();
    expect(page.attempts).toHaveLength(6);
    await expect(page.first).rejects.toMatchObject({ class: 'TRANSIENT' });
  });

  it('loads its page once more where that may help, and fails by the failure of the second', async () => {
    const page = new FakePage();
    page.attempts[0]?.fail(new WorkerFailure('INCOMPATIBLE', 'first', { reloadMayHelp: true }));
    await vi.advanceTimersByTimeAsync(0);
    expect(page.reloadedFor).toEqual(['first']);
    page.reload();
    page.attempts[1]?.fail(new WorkerFailure('INCOMPATIBLE', 'second', { reloadMayHelp: true }));
    await expect(page.first).rejects.toMatchObject({ class: 'INCOMPATIBLE', message: 'second' });
    expect(page.reloadedFor).toEqual(['first']);
  });

  it('fails when the page can’t be loaded once more', async () => {
    const page = new FakePage();
    page.canReload = false;
    page.attempts[0]?.fail(new WorkerFailure('INCOMPATIBLE', 'first', { reloadMayHelp: true }));
    await expect(page.first).rejects.toMatchObject({ class: 'NETWORK' });
  });

  it('doesn’t load a page once more that another document has taken the place of', async () => {
    const page = new FakePage();
    page.attempts[0]?.fail(new WorkerFailure('TRANSIENT', 'first', { reloadMayHelp: true }));
    await vi.advanceTimersByTimeAsync(100);
    page.reload();
    page.attempts[1]?.succeed();
    await page.first;
    await vi.advanceTimersByTimeAsync(longMs);
    expect(page.reloadedFor).toEqual([]);
  });

  it('fails with AUTH when WhatsApp logs it out', async () => {
    const page = new FakePage();
    page.reload({ loggedOut: true });
    await expect(page.first).rejects.toMatchObject({ class: 'AUTH' });
  });
});

describe('a session that listens', () => {
  let page: FakePage;

  beforeEach(async () => {
    page = new FakePage();
    page.attempts[0]?.succeed();
    await page.first;
  });

  it('comes up again in each new document, as often as it takes in the long run', async () => {
    for (let count = 1; count <= 12; count += 1) {
      page.reload();
      page.attempts[count]?.succeed();
      await vi.advanceTimersByTimeAsync(0);
      expect(page).toMatchObject({ reloads: count, again: count });
    }
    expect(page.faults).toEqual([]);
  });

  it('survives two reloads in quick succession, which are one to whoever watches', async () => {
    page.reload();
    page.attempts[1]?.fail(destroyed);
    page.reload();
    page.attempts[2]?.succeed();
    await vi.advanceTimersByTimeAsync(longMs);
    expect(page).toMatchObject({ reloads: 1, again: 1, faults: [] });
  });

  it('ends when it can’t come up again, or WhatsApp has logged it out', async () => {
    page.reload();
    page.attempts[1]?.fail(new WorkerFailure('NETWORK', 'no network'));
    await vi.advanceTimersByTimeAsync(0);
    page.reload({ loggedOut: true });
    expect(page.faults).toMatchObject([{ class: 'NETWORK' }, { class: 'AUTH' }]);
  });
});

interface Attempt {
  readonly replaced: Promise<never>;
  succeed(): void;
  fail(error: Error): void;
}

class FakePage {
  readonly attempts: Attempt[] = [];
  readonly faults: unknown[] = [];
  readonly first: Promise<BroughtUp>;
  readonly reloadedFor: string[] = [];
  canReload = true;
  reloads = 0;
  again = 0;
  #onNewDocument: (event: { loggedOut: boolean }) => void = () => undefined;

  constructor() {
    this.first = followDocuments({
      client: { onNewDocument: (callback) => (this.#onNewDocument = callback) },
      bringUp: (replaced) =>
        new Promise((resolve, reject) => {
          this.attempts.push({ replaced, succeed: () => resolve(broughtUp), fail: reject });
        }),
      onReloaded: () => (this.reloads += 1),
      reload: (failure) => {
        this.reloadedFor.push(failure.message);
        return this.canReload ? Promise.resolve() : Promise.reject(new WorkerFailure('NETWORK', 'can’t be reached'));
      },
      onListeningAgain: () => (this.again += 1),
      onFault: (thrown) => this.faults.push(thrown),
    });
    this.first.catch(() => undefined);
  }

  reload({ loggedOut = false } = {}): void {
    this.#onNewDocument({ loggedOut });
  }
}
