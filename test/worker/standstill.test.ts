import { EventEmitter } from 'node:events';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { AttachedClient } from '../../worker/whatsapp/attached-client.js';
import { milestoneOf } from '../../worker/whatsapp/page-progress.js';
import type { PageState } from '../../worker/whatsapp/page-state.js';
import { Standstill } from '../../worker/whatsapp/standstill.js';
import { incarnation, listening, syncing } from './page-states.js';

const authTimeoutMs = 30_000;
const syncTimeoutMs = 60_000;
const opening = { ...syncing, socket: 'OPENING' };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class StandingPage {
  waitsForPerson = false;
  isAway = false;
  readonly client = new EventEmitter();
  readonly #standstill = new Standstill({
    client: this.client as unknown as AttachedClient,
    authTimeoutMs,
    syncTimeoutMs,
    waitsForPerson: () => this.waitsForPerson,
    connectsWithoutDeadline: () => this.isAway,
  });

  look(state: PageState): void {
    this.#standstill.refuse(state, milestoneOf(state, incarnation));
  }

  /** Looks, lets the time pass, and looks again. */
  standsFor(milliseconds: number, state: PageState): void {
    this.look(state);
    vi.advanceTimersByTime(milliseconds);
    this.look(state);
  }
}

describe('a page that stands still', () => {
  it('while a person is waited for may stand as long as it takes, and has its whole time afterwards', () => {
    const page = new StandingPage();
    const unpaired = { ...syncing, socket: 'UNPAIRED', identity: null };
    page.waitsForPerson = true;
    page.standsFor(3_600_000, unpaired);
    page.waitsForPerson = false;
    page.standsFor(authTimeoutMs, unpaired);
    expect(() => page.standsFor(1, unpaired)).toThrow('did not authenticate');
  });

  it('without a connection that others care for may stand, too', () => {
    const page = new StandingPage();
    page.isAway = true;
    page.standsFor(3_600_000, opening);
    page.isAway = false;
    expect(() => page.look(opening)).toThrow('did not let the page connect');
  });

  it('doesn’t stand as long as the library tells of progress', () => {
    const page = new StandingPage();
    for (let percent = 0; percent < 100; percent += 10) {
      page.client.emit('loading_screen', percent);
      page.standsFor(syncTimeoutMs, syncing);
    }
    expect(() => page.standsFor(1, syncing)).toThrow('The sync stood still');
  });

  it.each([
    ['is not set up', { ...listening, utilities: false, incarnation: null }],
    ['has no listeners', { ...listening, incarnation: null }],
  ])('synced, in which the library %s, may be loaded once more', (_name, state) => {
    const page = new StandingPage();
    page.standsFor(30_000, state);
    expect(() => page.standsFor(1, state)).toThrow(
      expect.objectContaining({ class: 'TRANSIENT', reloadMayHelp: true }) as Error,
    );
  });
});
