import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { judgeListening, type ListeningRule, longestClaimMs, type Sample } from './judge-listening.js';

const rule: ListeningRule = { withinMs: 1_000, longestStepMs: 100 };

/** A sample every 50 ms. */
function samples(says: (atMs: number) => boolean, untilMs = 10_000): Sample[] {
  return Array.from({ length: untilMs / 50 }, (_, index) => ({ atMs: index * 50, saysListening: says(index * 50) }));
}

describe('a claim to be listening', () => {
  it('is true while each probe is answered in time', () => {
    const probes = [0, 500, 4_000].map((sentAtMs) => ({ sentAtMs, answeredAtMs: sentAtMs + 900 }));
    expect(
      judgeListening(
        probes,
        samples(() => true),
        rule,
      ),
    ).toEqual([]);
  });

  it('is false when a probe waits for longer, however it ends', () => {
    const late = { sentAtMs: 1_000, answeredAtMs: 2_500 };
    const never = { sentAtMs: 3_000, answeredAtMs: undefined };
    expect(
      judgeListening(
        [late, never],
        samples(() => true),
        rule,
      ),
    ).toEqual([
      { probe: late, fromMs: 1_000, untilMs: 2_050 },
      { probe: never, fromMs: 3_000, untilMs: 4_050 },
    ]);
  });

  it('may take the time of detection before it is withdrawn', () => {
    const probe = { sentAtMs: 0, answeredAtMs: undefined };
    expect(
      judgeListening(
        [probe],
        samples((atMs) => atMs < 1_000),
        rule,
      ),
    ).toEqual([]);
    expect(
      judgeListening(
        [probe],
        samples((atMs) => atMs < 1_100),
        rule,
      ),
    ).toHaveLength(1);
  });

  it('has its time anew when it is made again, and is false when the probe waits on', () => {
    const probe = { sentAtMs: 0, answeredAtMs: 6_000 };
    const isAway = (atMs: number): boolean => atMs > 500 && atMs < 5_200;
    expect(
      judgeListening(
        [probe],
        samples((atMs) => !isAway(atMs)),
        rule,
      ),
    ).toEqual([]);
    const [claim] = judgeListening(
      [{ ...probe, answeredAtMs: 8_000 }],
      samples((atMs) => !isAway(atMs)),
      rule,
    );
    expect(claim?.fromMs).toBe(5_200);
  });

  it('is not held against an account while the machine stood still', () => {
    const probe = { sentAtMs: 0, answeredAtMs: 30_000 };
    const afterStall = [0, 50, 29_000, 29_050].map((atMs) => ({ atMs, saysListening: true }));
    expect(judgeListening([probe], afterStall, rule)).toEqual([]);
  });

  it('is as long as it lasts without a break while one probe waits', () => {
    const probes = [
      { sentAtMs: 0, answeredAtMs: 400 },
      { sentAtMs: 1_000, answeredAtMs: 2_000 },
    ];
    expect(
      longestClaimMs(
        probes,
        samples((atMs) => atMs !== 1_200),
        rule,
      ),
    ).toBe(700);
    expect(
      longestClaimMs(
        probes,
        samples(() => false),
        rule,
      ),
    ).toBe(0);
  });

  it('is never false in the time in which nothing is claimed, and always where one is held up for long enough', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 200 }),
        fc.nat(9_000),
        fc.option(fc.nat(9_000)),
        (says, sentAtMs, waitMs) => {
          const timeline = says.map((saysListening, index) => ({ atMs: index * 50, saysListening }));
          const answeredAtMs = waitMs === null ? undefined : sentAtMs + waitMs;
          const waiting = timeline.filter(({ atMs }) => atMs >= sentAtMs && atMs < (answeredAtMs ?? Infinity));
          const text = waiting.map(({ saysListening }) => (saysListening ? '1' : '0')).join('');
          const longest = Math.max(...text.split('0').map((run) => (run.length - 1) * 50));
          const claims = judgeListening([{ sentAtMs, answeredAtMs }], timeline, rule);
          expect(claims.length).toBe(longest > rule.withinMs ? 1 : 0);
        },
      ),
    );
  });
});
