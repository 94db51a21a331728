import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  type Bounds,
  decideSince,
  settleBounds,
  type Since,
  type SinceFacts,
  slackSeconds,
  type Times,
} from '../../worker/decide-since.js';

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

describe('the bounds of reading', () => {
  const day = 86_400;
  const settle = (bounds: Partial<Bounds>, times: Partial<Times> = {}): ReturnType<typeof settleBounds> =>
    settleBounds(
      { mark: undefined, floor: undefined, isProvisional: false, ...bounds },
      { whatsApp: null, machine: now, age: 0, linkedAt: undefined, ...times },
    );

  test.each<[string, Partial<Bounds>, Partial<Times>, { mark: number; floor: number }]>([
    ['begin with the link, by WhatsApp’s time', {}, { whatsApp: now, machine: now - 2 * day, age: 7 }, both(now - 7)],
    ['begin with the link by this machine’s clock while there is no other', {}, { age: 7 }, both(now - 7)],
    ['begin no earlier than the status file says', {}, { linkedAt: now + day }, both(now + day)],
    ['stay while this machine’s clock is behind', both(now + 2 * day), {}, both(now + 2 * day)],
    ['stay while WhatsApp says that they are past', both(now - 9), { whatsApp: now, machine: 0 }, both(now - 9)],
    ['begin anew when WhatsApp says that they are to come', both(now + day), { whatsApp: now, age: 5 }, both(now - 5)],
    [
      'keep a floor that is past',
      { mark: now + day, floor: now - 9 },
      { whatsApp: now },
      { mark: now, floor: now - 9 },
    ],
    ['keep a floor without a mark', { floor: now - 3 }, { whatsApp: now, age: 9 }, both(now - 3)],
    [
      'are set right when WhatsApp has said its time, by what the clock is wrong by',
      { ...both(now - 2 * day - 60), isProvisional: true },
      { whatsApp: now, machine: now - 2 * day },
      both(now - 60),
    ],
    [
      'begin with this life when the clock was set since a link whose time WhatsApp had not said',
      { ...both(now - 2 * day), isProvisional: true },
      { whatsApp: now, machine: now, age: 4 },
      both(now - 4),
    ],
  ])('%s', (_name, bounds, times, expected) => {
    expect(settle(bounds, times)).toMatchObject(expected);
  });

  function both(seconds: number): { mark: number; floor: number } {
    return { mark: seconds, floor: seconds };
  }

  test('tell what time it is: never before what WhatsApp has dated', () => {
    expect(settle(both(now + day)).now).toBe(now + day);
    expect(settle(both(now - day)).now).toBe(now);
    expect(settle(both(now - day), { whatsApp: now - 60, machine: now + 9 * day }).now).toBe(now - 60);
  });

  test('tell that they were noted by a clock that was wrong', () => {
    expect(settle(both(now + day), { whatsApp: now }).isReset).toBe(true);
    expect(settle(both(now + day)).isReset).toBe(false);
    expect(settle(both(now), { whatsApp: now, machine: 0 }).isReset).toBe(false);
  });
});

/** Lives of workers one after another, with clocks that are wrong by anything, and what becomes of messages of each time. */
describe('whatever the clock of the machine says, at the link and at each start', () => {
  const day = 86_400;
  const error = fc.oneof(fc.constant(0), fc.integer({ min: -10 * day, max: 10 * day }));
  const life = fc.record({
    /** How long nobody has listened before it, and how long it listens. */
    pause: fc.integer({ min: 1, max: day }),
    listens: fc.integer({ min: 0, max: day }),
    error,
    saysTime: fc.boolean(),
    losesInbox: fc.boolean(),
  });
  const history = fc.record({
    lives: fc.array(life, { minLength: 1, maxLength: 5 }),
    messages: fc.array(fc.integer({ min: -5 * day, max: 8 * day }), { minLength: 1, maxLength: 30 }),
  });

  type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never;

  interface Played {
    readonly handed: ReadonlySet<number>;
    readonly due: ReadonlySet<number>;
    readonly linked: number;
  }

  function play(
    { lives, messages }: History,
    says: (life: { saysTime: boolean }, index: number) => boolean,
    loses: boolean,
  ): Played {
    const linked = now;
    const handed = new Set<number>();
    const due = new Set<number>();
    let bounds: Bounds = { mark: undefined, floor: undefined, isProvisional: false };
    let clock = linked;
    const linkedAt = linked + (lives[0]?.error ?? 0);
    for (const [index, each] of lives.entries()) {
      const start = clock + (index === 0 ? 0 : each.pause);
      if (loses && each.losesInbox) bounds = { mark: undefined, floor: undefined, isProvisional: false };
      const begins = bounds.mark === undefined;
      const age = 3;
      const read = start + age;
      const settled = settleBounds(bounds, {
        whatsApp: says(each, index) ? read : null,
        machine: read + each.error,
        age,
        linkedAt: index === 0 ? undefined : linkedAt,
      });
      const { since } = decideSince(
        { ...settled, undecrypted: undefined, heard: undefined },
        settled.mark,
        { maxAgeMs: week * 1_000 },
        settled.now * 1_000,
      );
      let newest = 0;
      const end = read + each.listens;
      for (const t of messages.map((offset) => now + offset)) {
        const isMissed = t <= read && t >= since;
        const isLive = t > read && t <= end;
        if (isMissed || isLive) handed.add(t);
        if (isMissed || isLive) newest = Math.max(newest, t);
        if (t >= (begins ? start : linked) && t <= end && t >= read - week) due.add(t);
      }
      bounds = { ...settled, mark: Math.max(settled.mark, newest) };
      clock = end;
    }
    return { handed, due, linked };
  }

  test('nothing from before the link is handed over, and nothing after it is lost, while WhatsApp says its time', () => {
    fc.assert(
      fc.property(history, (given) => {
        const { handed, due, linked } = play(given, () => true, false);
        for (const t of handed) expect(t).toBeGreaterThanOrEqual(linked);
        for (const t of due) expect(handed).toContain(t);
      }),
      { numRuns: 2_000 },
    );
  });

  test('nothing from before the link is handed over when WhatsApp has said its time at the link alone', () => {
    fc.assert(
      fc.property(history, (given) => {
        const { handed, linked } = play(given, ({ saysTime }, index) => index === 0 || saysTime, false);
        for (const t of handed) expect(t).toBeGreaterThanOrEqual(linked);
      }),
      { numRuns: 2_000 },
    );
  });

  test('nothing from before the link is handed over when the inbox is lost meanwhile, while WhatsApp says its time', () => {
    fc.assert(
      fc.property(history, (given) => {
        const { handed, due, linked } = play(given, () => true, true);
        for (const t of handed) expect(t).toBeGreaterThanOrEqual(linked);
        const lasting = given.lives.every(({ losesInbox }) => !losesInbox);
        if (lasting) for (const t of due) expect(handed).toContain(t);
      }),
      { numRuns: 2_000 },
    );
  });
});
