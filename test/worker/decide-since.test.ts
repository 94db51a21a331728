import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { decideSince, type Since, type SinceFacts, slackSeconds } from '../../worker/decide-since.js';

const now = 1_790_000_000;
const week = 7 * 86_400;

function decide(facts: Partial<SinceFacts>, { beginning = now, maxAgeMs = week * 1_000 } = {}): Since {
  return decideSince(
    { mark: undefined, floor: undefined, undecrypted: undefined, heard: undefined, ...facts },
    beginning,
    { maxAgeMs },
    now * 1_000,
  );
}

describe('the page is asked', () => {
  test.each<[string, Partial<SinceFacts>, number]>([
    ['from the beginning where nothing is known of before', {}, now],
    ['from the mark on, with slack for what came out of order', { mark: now - 60 }, now - 60 - slackSeconds],
    ['from an older message on that could not be decrypted', { mark: now - 60, undecrypted: now - 900 }, now - 900],
    [
      'from the mark on when what could not be decrypted is newer',
      { mark: now - 60, undecrypted: now - 30 },
      now - 360,
    ],
    ['for nothing below the floor', { mark: now - 60, undecrypted: now - 900, floor: now - 70 }, now - 70],
    ['for nothing below the floor, even where that is past the mark', { mark: now - 60, floor: now - 10 }, now - 10],
    ['from below a floor that is out of the way', { mark: now - 60, floor: now - 5_000 }, now - 360],
    ['for nothing that is older than it may be', { mark: now - 2 * week }, now - week],
    ['for what has waited to be decrypted for a day', { undecrypted: now - 86_400 }, now - 86_400],
    ['no more for what has waited for longer', { undecrypted: now - 86_401 }, now],
    ['from the mark on, however long somebody has listened since', { mark: now - 900, heard: now - 5 }, now - 1_200],
    ['from before the beginning for what waits to be decrypted', { undecrypted: now - 900 }, now - 900],
  ])('%s', (_name, facts, since) => {
    expect(decide(facts).since).toBe(since);
  });

  test('for whole seconds, the one in which the age is reached left out', () => {
    expect(decide({ mark: 0 }, { maxAgeMs: 1_500 }).since).toBe(now - 1);
  });
});

describe('what is left out for its age', () => {
  test.each<[string, Partial<SinceFacts>, number]>([
    ['is nothing up to the age', { mark: now - week }, 0],
    ['is nothing when only the slack is cut', { mark: now - week + 1 }, 0],
    ['begins with the first second beyond it', { mark: now - week - 1 }, 1_000],
    ['is counted from the mark', { mark: now - week - 3_600 }, 3_600_000],
    ['is not what lies below the floor', { mark: now - 2 * week, floor: now - week }, 0],
    ['is nothing while somebody listened', { mark: now - 2 * week, heard: now - week }, 0],
    ['is counted from when somebody has listened last', { mark: now - 2 * week, heard: now - week - 5 }, 5_000],
    ['is counted without a time that has not come yet', { mark: now - week - 5, heard: now + 5 }, 5_000],
    ['is counted from a floor that is past the mark', { mark: now - 2 * week, floor: now - week - 5 }, 5_000],
  ])('%s', (_name, facts, cutMs) => {
    expect(decide(facts).cutMs).toBe(cutMs);
  });

  test('is counted from the beginning where nothing is known of before', () => {
    expect(decide({}, { beginning: now - week - 5 }).cutMs).toBe(5_000);
  });
});

describe('whatever is known', () => {
  const second = fc.integer({ min: now - 1_000, max: now + 1_000 });
  const fact = fc.option(second, { nil: undefined });
  const anything = fc.record({
    facts: fc.record({ mark: fact, floor: fact, undecrypted: fact, heard: fact }),
    beginning: second,
    maxAgeMs: fc.integer({ min: 0, max: 1_500_000 }),
  });
  const holds = (check: (facts: SinceFacts, decided: Since, oldest: number, beginning: number) => void): void =>
    fc.assert(
      fc.property(anything, ({ facts, beginning, maxAgeMs }) =>
        check(facts, decide(facts, { beginning, maxAgeMs }), now - maxAgeMs / 1_000, beginning),
      ),
      { numRuns: 2_000 },
    );

  test('all that came since the mark, less the slack, is asked for, unless it is below the floor or too old', () => {
    holds(({ mark, floor = 0 }, { since }, oldest, beginning) => {
      const wanted = mark === undefined ? beginning : mark - slackSeconds;
      expect(since).toBeLessThanOrEqual(Math.max(wanted, floor, Math.ceil(oldest)));
    });
  });

  test('what waits to be decrypted is asked for, unless it is below the floor or too old', () => {
    holds(({ floor = 0, undecrypted }, { since }, oldest) => {
      if (undecrypted !== undefined) expect(since).toBeLessThanOrEqual(Math.max(undecrypted, floor, Math.ceil(oldest)));
    });
  });

  test('nothing is asked for that is below the floor or too old', () => {
    holds(({ floor = 0 }, { since }, oldest) => {
      expect(since).toBeGreaterThanOrEqual(floor);
      expect(since).toBeGreaterThanOrEqual(oldest);
    });
  });

  test('a cut is told exactly when there are seconds after mark, floor and the last that was heard that are too old to be asked for', () => {
    holds(({ mark, floor = 0, heard = 0 }, { since, cutMs }) => {
      if (mark === undefined) return;
      expect(cutMs).toBeGreaterThanOrEqual(0);
      expect(cutMs > 0).toBe(since > Math.max(mark, floor, heard > now ? 0 : heard));
    });
  });

  test('a later mark never has more asked for', () => {
    holds((facts, { since }, oldest, beginning) => {
      if (facts.mark === undefined) return;
      const later = decide({ ...facts, mark: facts.mark + 100 }, { beginning, maxAgeMs: (now - oldest) * 1_000 });
      expect(later.since).toBeGreaterThanOrEqual(since);
    });
  });
});
