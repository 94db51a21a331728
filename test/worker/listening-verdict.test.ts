import { describe, expect, it } from 'vitest';

import { judgeListening, noMessages } from '../../worker/listening-verdict.js';
import type { PageState } from '../../worker/whatsapp/page-state.js';
import { incarnation, listening } from './page-states.js';

describe('a page', () => {
  it.each<[string, Partial<PageState>]>([
    ['whose library has gone', { utilities: false }],
    ['with the listeners of an earlier worker', { incarnation: incarnation - 1 }],
    ['that nobody listens in', { incarnation: null, messages: null }],
  ])('%s is deaf, and is to be loaded anew', (_name, difference) => {
    const verdict = judgeListening({ ...listening, ...difference }, incarnation, 0, noMessages);
    expect(verdict).toMatchObject({ is: 'deaf', isUntouched: false });
  });

  it('that nothing of the library is in can be attached to as it is', () => {
    const state = { ...listening, incarnation: null, messages: null, utilities: false };
    expect(judgeListening(state, incarnation, 0, noMessages)).toMatchObject({ is: 'deaf', isUntouched: true });
  });

  it.each(['OPENING', 'TIMEOUT', 'CONFLICT', null])('whose socket is %s is away, whatever else it lacks', (socket) => {
    expect(judgeListening({ ...listening, socket, utilities: false }, incarnation, 0, noMessages).is).toBe('away');
  });

  it('that syncs anew is well', () => {
    expect(judgeListening({ ...listening, hasSynced: false, utilities: false }, incarnation, 0, noMessages).is).toBe(
      'healthy',
    );
  });
});

describe('messages', () => {
  it('that a page has had since the look before, and that nobody has heard, make it deaf', () => {
    const page = new CountedPage();
    expect(page.look({ had: 1, heard: 0 })).toBe('healthy');
    expect(page.look({ had: 1, heard: 0 })).toBe('deaf');
  });

  it('that are on their way don’t, however many there are', () => {
    const page = new CountedPage();
    for (let had = 5; had < 50; had += 5) expect(page.look({ had, heard: had - 5 })).toBe('healthy');
  });

  it('that the library has stumbled over while others came don’t', () => {
    const page = new CountedPage();
    expect(page.look({ had: 2, heard: 0 })).toBe('healthy');
    expect(page.look({ had: 3, heard: 1 })).toBe('healthy');
    expect(page.look({ had: 3, heard: 2 })).toBe('healthy');
    expect(page.look({ had: 3, heard: 2 })).toBe('healthy');
    expect(page.look({ had: 4, heard: 2 })).toBe('healthy');
    expect(page.look({ had: 4, heard: 2 })).toBe('deaf');
  });

  it('that came out before the page counted hide none that don’t', () => {
    const page = new CountedPage();
    expect(page.look({ had: 0, heard: 1 })).toBe('healthy');
    expect(page.look({ had: 1, heard: 1 })).toBe('healthy');
    expect(page.look({ had: 1, heard: 1 })).toBe('deaf');
  });
});

it('that came out and are not in the inbox at two looks make a page deaf, however many others are', () => {
  const state = { ...listening, messages: 3 };
  const first = judgeListening(state, incarnation, 3, noMessages, 1);
  expect(first.is).toBe('healthy');
  const count = first.is === 'deaf' ? noMessages : first.count;
  expect(judgeListening({ ...state, messages: 5 }, incarnation, 5, count, 1).is).toBe('deaf');
  expect(judgeListening({ ...state, messages: 5 }, incarnation, 5, count, 0).is).toBe('healthy');
});

class CountedPage {
  #count = noMessages;

  look({ had, heard }: { had: number; heard: number }): string {
    const verdict = judgeListening({ ...listening, messages: had }, incarnation, heard, this.#count);
    if (verdict.is !== 'deaf') this.#count = verdict.count;
    return verdict.is;
  }
}
