import { expect, it } from 'vitest';

import { renewPage } from '../../supervisor/browser/renew-page.js';
import type { Switchboard } from '../../supervisor/switchboard/switchboard.js';

interface Target {
  readonly targetId: string;
  readonly type: string;
}

it('opens the new page before it closes the old one: a browser without a page leaves', async () => {
  const browser = new FakeBrowser([{ targetId: 'old', type: 'page' }]);
  await renewPage(browser.switchboard);
  expect(browser.changes).toEqual(['Target.createTarget about:blank', 'Target.closeTarget old']);
});

it('closes every old page, and nothing that isn’t one', async () => {
  const browser = new FakeBrowser([
    { targetId: 'first', type: 'page' },
    { targetId: 'worker', type: 'service_worker' },
    { targetId: 'second', type: 'page' },
  ]);
  await renewPage(browser.switchboard);
  expect(browser.changes.slice(1)).toEqual(['Target.closeTarget first', 'Target.closeTarget second']);
  expect(browser.targets.map(({ targetId }) => targetId)).toEqual(['worker', 'new']);
});

it('waits until the old page has really gone', async () => {
  const browser = new FakeBrowser([{ targetId: 'old', type: 'page' }], { looksUntilClosed: 5 });
  await renewPage(browser.switchboard);
  expect(browser.targets).toEqual([{ targetId: 'new', type: 'page' }]);
});

it('gives up on a page that does not close', async () => {
  const browser = new FakeBrowser([{ targetId: 'old', type: 'page' }], { looksUntilClosed: Infinity });
  await expect(renewPage(browser.switchboard)).rejects.toThrow('the old page did not close');
});

it('gives up on a browser that refuses', async () => {
  const browser = new FakeBrowser([{ targetId: 'old', type: 'page' }], { refuses: 'Target.createTarget' });
  await expect(renewPage(browser.switchboard)).rejects.toThrow('refused');
  expect(browser.targets).toEqual([{ targetId: 'old', type: 'page' }]);
});

/** The part of Chromium that knows its pages. */
class FakeBrowser {
  targets: Target[];
  readonly changes: string[] = [];
  readonly #closing = new Set<string>();
  readonly #refuses: string | undefined;
  #looksUntilClosed: number;

  constructor(
    targets: Target[],
    { looksUntilClosed = 0, refuses }: { looksUntilClosed?: number; refuses?: string } = {},
  ) {
    this.targets = targets;
    this.#looksUntilClosed = looksUntilClosed;
    this.#refuses = refuses;
  }

  get switchboard(): Switchboard {
    const send: Switchboard['send'] = (method, parameters) => this.#answer(method, parameters ?? {});
    const switchboard: unknown = { send };
    return switchboard as Switchboard;
  }

  #answer(method: string, parameters: { url?: string; targetId?: string }): Promise<unknown> {
    if (method === this.#refuses) return Promise.reject(new Error(`${method} was refused`));
    switch (method) {
      case 'Target.getTargets':
        this.#look();
        return Promise.resolve({ targetInfos: this.targets });
      case 'Target.createTarget':
        this.changes.push(`${method} ${parameters.url ?? ''}`);
        this.targets = [...this.targets, { targetId: 'new', type: 'page' }];
        return Promise.resolve({ targetId: 'new' });
      case 'Target.closeTarget':
        this.changes.push(`${method} ${parameters.targetId ?? ''}`);
        this.#closing.add(parameters.targetId ?? '');
        return Promise.resolve({ success: true });
      default:
        return Promise.reject(new Error(`nobody asks for ${method}`));
    }
  }

  #look(): void {
    if (this.#closing.size === 0) return;
    if (this.#looksUntilClosed > 0) this.#looksUntilClosed -= 1;
    else this.targets = this.targets.filter(({ targetId }) => !this.#closing.has(targetId));
  }
}
