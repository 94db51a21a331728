import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  failureWindowMs,
  hashOf,
  identifyPageError,
  judgeSends,
  nextSendStep,
  type PageFailure,
  type SendStep,
  stepMemoryMs,
} from '../../worker/judge-sends.js';
import { SendWatch } from '../../worker/send-watch.js';

const failure = (message: string, error = 'InvalidStateError', at = 0): PageFailure => ({ message, error, at });

describe('a failure by an error of the page', () => {
  it('of one message, however often, is put down to the message', () => {
    expect(judgeSends([failure('a'), failure('a'), failure('a')])).toEqual({ blames: 'message' });
  });

  it('of two messages is put down to the page', () => {
    expect(judgeSends([failure('a'), failure('b')])).toEqual({ blames: 'page', messages: ['a', 'b'] });
  });

  it('is put down to the page exactly when another message has failed by the same within the window', () => {
    const one = fc.record({
      message: fc.constantFrom('a', 'b', 'c'),
      error: fc.constantFrom('x', 'y'),
      at: fc.nat(2 * failureWindowMs),
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1 }), (some) => {
        const failures = some.toSorted((left, right) => left.at - right.at);
        const newest = failures.at(-1);
        const isShared = failures.some(
          ({ message, error, at }) =>
            error === newest?.error && message !== newest.message && newest.at - at <= failureWindowMs,
        );
        expect(judgeSends(failures).blames).toBe(isShared ? 'page' : 'message');
      }),
    );
  });
});

it('an error of the page is met by a load, then by another browser, then the messages are held responsible', () => {
  expect(nextSendStep(undefined, 1, 0)).toBe('reload');
  expect(nextSendStep({ error: 1, step: 'reload', at: 0 }, 1, 5)).toBe('fresh-browser');
  expect(nextSendStep({ error: 1, step: 'fresh-browser', at: 0 }, 1, 5)).toBeUndefined();
  expect(nextSendStep({ error: 1, step: 'fresh-browser', at: 0 }, 2, 5)).toBe('reload');
  expect(nextSendStep({ error: 1, step: 'fresh-browser', at: 0 }, 1, stepMemoryMs + 1)).toBe('reload');
});

describe('the error of a failure', () => {
  const stack = '\n    at x (/app/node_modules/puppeteer-core/lib/cjs/puppeteer/cdp/ExecutionContext.js:1:1)';

  it('is the page’s when it has come through puppeteer, also as the cause of another', () => {
    expect(identifyPageError(thrown('closing', stack))).toBe('Error: closing');
    expect(identifyPageError(new Error('wrapped', { cause: thrown('closing', stack) }))).toBe('Error: closing');
  });

  it('is the bot’s own otherwise', () => {
    expect(identifyPageError(thrown('closing', '\n    at onMessage (/bots/bot.js:1:1)'))).toBeUndefined();
    expect(identifyPageError('a text')).toBeUndefined();
  });

  function thrown(message: string, frames: string): Error {
    const error = new Error(message);
    error.stack = `Error: ${message}${frames}`;
    return error;
  }

  it('fits into a number of the inbox', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(hashOf(text)).toBeGreaterThanOrEqual(0);
        expect(hashOf(text)).toBeLessThan(2 ** 32);
      }),
    );
  });

  it('costs no innocent message an attempt, and a message that nothing cures is parked in the end', () => {
    let last: SendStep | undefined;
    const deeds: string[] = [];
    const watch = new SendWatch({
      now: () => 0,
      lastStep: () => last,
      noteStep: (step) => (last = step),
      onPageError: () => undefined,
      onFault: (_error, step) => deeds.push(step),
      onOver: () => deeds.push('over'),
    });
    const error = thrown('closing', stack);
    expect(watch.noteFailure('a', error)).toEqual([]);
    expect(watch.noteFailure('b', error)).toEqual(['a', 'b']);
    expect(watch.noteFailure('a', error)).toEqual([]);
    expect(watch.noteFailure('b', error)).toEqual(['a', 'b']);
    expect(watch.noteFailure('a', error)).toEqual([]);
    expect(watch.noteFailure('b', error)).toEqual([]);
    expect(deeds).toEqual(['reload', 'fresh-browser', 'over']);
    watch.noteSuccess();
    expect(watch.noteFailure('b', error)).toEqual([]);
  });
});
