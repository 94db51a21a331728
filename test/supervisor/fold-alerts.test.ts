import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { Alert, AlertKind } from '../../shared/alerts.js';
import { AlertFolds } from '../../supervisor/alert-folds.js';
import { foldingMs } from '../../supervisor/fold-alerts.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const alert = (kind: AlertKind, n: number): Alert => ({ kind, sentence: `${kind} ${n}.`, action: null });

/** How many alerts a told one stands for. */
const countOf = ({ sentence }: Alert): number => Number(/^(\d+) more/.exec(sentence)?.[1] ?? 1);

test('of 1,000 parked messages five are told at once, and the others by one alert with their number', () => {
  const { folds, told } = recorded();
  for (let n = 1; n <= 1_000; n += 1) folds.raise(alert('message-parked', n), n);
  expect(told.map(([{ sentence }]) => sentence)).toEqual([1, 2, 3, 4, 5].map((n) => `message-parked ${n}.`));
  vi.advanceTimersByTime(foldingMs);
  expect(told).toHaveLength(6);
  expect(told[5]).toEqual([
    {
      kind: 'message-parked',
      sentence: '995 more alerts of this kind within 60 s. The last: message-parked 1000.',
      action: null,
    },
    1_000,
  ]);
});

describe('alerts of one kind', () => {
  test('that are told of misfortunes, and not of messages, are told each, twenty a minute', () => {
    const { folds, told } = recorded();
    for (let n = 1; n <= 25; n += 1) folds.raise(alert('records-repaired', n), n);
    expect(told.map(([{ sentence }]) => sentence).at(-1)).toBe('records-repaired 20.');
    vi.advanceTimersByTime(foldingMs);
    expect(told.map(([each]) => countOf(each))).toEqual([...Array<number>(20).fill(1), 5]);
  });

  test('that come now and then are told at once, as they are', () => {
    const { folds, told } = recorded();
    for (let n = 1; n <= 5; n += 1) {
      folds.raise(alert('message-parked', n), n);
      folds.raise(alert('failure-loop', n), n);
      vi.advanceTimersByTime(foldingMs);
    }
    expect(told).toHaveLength(10);
    expect(told.every(([each]) => countOf(each) === 1)).toBe(true);
  });

  test('that go on and on are one alert a minute', () => {
    const { folds, told } = recorded();
    for (let n = 0; n < 6_000; n += 1) {
      folds.raise(alert('message-parked', n), n);
      vi.advanceTimersByTime(100);
    }
    expect(told.length).toBeLessThanOrEqual(5 + 10);
  });

  test('in whatever order and number they come, none is left out of the count, and each kind is told of at once', () => {
    const kinds = ['message-parked', 'failure-loop', 'records-repaired'] as const;
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom(...kinds) }),
      fc.record({ pauseMs: fc.integer({ min: 0, max: 2 * foldingMs }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { folds, told } = recorded();
        const raised: AlertKind[] = [];
        for (const each of steps) {
          if ('pauseMs' in each) vi.advanceTimersByTime(each.pauseMs);
          else {
            raised.push(each.kind);
            folds.raise(alert(each.kind, raised.length), raised.length);
            expect(told.some(([{ kind }]) => kind === each.kind)).toBe(true);
          }
        }
        folds.close();
        for (const kind of kinds) {
          const ofKind = told.filter(([one]) => one.kind === kind);
          const count = ofKind.reduce((sum, [one]) => sum + countOf(one), 0);
          expect(count).toBe(raised.filter((one) => one === kind).length);
        }
        expect(vi.getTimerCount()).toBe(0);
      }),
    );
  });
});

function recorded(): { readonly folds: AlertFolds<number>; readonly told: [Alert, number][] } {
  const told: [Alert, number][] = [];
  return { told, folds: new AlertFolds((each, detail) => told.push([each, detail])) };
}
