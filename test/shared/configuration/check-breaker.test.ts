import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';

import { backoffMs } from '../../../shared/backoff.js';
import { checkBreaker } from '../../../shared/configuration/check-breaker.js';
import { compile, problemsOf } from '../../support/configuration.js';

const usual = {
  backoffBaseMs: 250,
  backoffCapMs: 60_000,
  breakerFailures: 10,
  breakerWindowMs: 600_000,
  breakerPauseMs: 300_000,
  heartbeatTimeoutMs: 10_000,
};
const place = (key: string): string => key;

describe('a breaker', () => {
  it('can open with the defaults', () => {
    expect(checkBreaker(usual, place)).toEqual([]);
  });

  it.each([
    ['a window that is too short', { breakerWindowMs: 60_000 }, 'write a window of 290000, or 3 failures at most'],
    [
      'a window that is too short for any number',
      { breakerWindowMs: 20_000, breakerFailures: 2 },
      'write a window of 30000',
    ],
    ['too many failures', { breakerFailures: 30 }, 'write a window of 1990000, or 13 failures at most'],
    [
      'pauses that no window is long enough for',
      { breakerFailures: 1_000, backoffCapMs: 3_600_000, breakerPauseMs: 3_600_000 },
      'write 12 failures at most',
    ],
    [
      'a hang that takes long to be found',
      { heartbeatTimeoutMs: 120_000 },
      'write a window of 1280000, or 5 failures at most',
    ],
  ])('with %s is told that it can’t open, and what would do', (_name, change, instead) => {
    const [problem, ...more] = checkBreaker({ ...usual, ...change }, place);
    expect(problem).toMatchObject({
      where: 'breakerWindowMs and breakerFailures',
      what: expect.stringMatching(/^the breaker could never open: /) as string,
      instead,
    });
    expect(more).toEqual([]);
  });

  it('that would wait for less than the pauses before it is refused', () => {
    expect(checkBreaker({ ...usual, breakerPauseMs: 31_999 }, place)).toEqual([
      {
        where: 'breakerPauseMs and backoffCapMs',
        what: 'an open breaker would wait for 31999 ms, less than the 32000 ms before it opened',
        instead: 'write a pause of 32000 at least, or a cap of 31999 at most',
      },
    ]);
  });

  it('is accepted exactly if a session that comes up and hangs opens it even with the longest pauses', () => {
    const anyValues = fc.record({
      backoffBaseMs: fc.integer({ min: 10, max: 1_000 }),
      backoffCapMs: fc.integer({ min: 1_000, max: 600_000 }),
      breakerFailures: fc.integer({ min: 2, max: 40 }),
      breakerWindowMs: fc.integer({ min: 1_000, max: 3_000_000 }),
      breakerPauseMs: fc.constant(3_600_000),
      heartbeatTimeoutMs: fc.integer({ min: 300, max: 60_000 }),
    });
    fc.assert(
      fc.property(anyValues, (values) => {
        const times: number[] = [0];
        for (let failure = 1; failure < values.breakerFailures; failure += 1) {
          times.push((times.at(-1) ?? 0) + backoffMs(failure, 1, values) + 15_000 + values.heartbeatTimeoutMs);
        }
        const opens = (times.at(-1) ?? 0) <= values.breakerWindowMs;
        expect(checkBreaker(values, place).length === 0).toBe(opens);
      }),
    );
  });

  it('can open with each of the numbers that are suggested', () => {
    const anyWrong = fc.record({
      breakerWindowMs: fc.integer({ min: 1_000, max: 500_000 }),
      breakerFailures: fc.integer({ min: 2, max: 1_000 }),
      heartbeatTimeoutMs: fc.integer({ min: 300, max: 600_000 }),
    });
    fc.assert(
      fc.property(anyWrong, (wrong) => {
        const [problem] = checkBreaker({ ...usual, ...wrong }, place);
        if (problem === undefined) return;
        const changes = problem.instead.split(', or ').map((suggestion) => {
          const window = /window of (\d+)/.exec(suggestion)?.[1];
          const failures = /(\d+) failures/.exec(suggestion)?.[1];
          return {
            ...(window === undefined ? {} : { breakerWindowMs: Number(window) }),
            ...(failures === undefined ? {} : { breakerFailures: Number(failures) }),
          };
        });
        for (const change of changes) {
          expect(Object.keys(change)).not.toEqual([]);
          expect(checkBreaker({ ...usual, ...wrong, ...change }, place)).toEqual([]);
        }
      }),
    );
  });
});

test('pauses that shrink are refused, and tell nothing about the breaker', async () => {
  expect(await problemsOf({ environment: { WASUP_BACKOFF_BASE_MS: '5000', WASUP_BACKOFF_CAP_MS: '1000' } })).toEqual([
    'WASUP_BACKOFF_BASE_MS and WASUP_BACKOFF_CAP_MS: the first pause of 5000 ms is longer than the longest of 1000 ms; ' +
      'write a first pause of 1000 at most, or a longest of 5000 at least.',
  ]);
});

test('the breaker is looked at when a configuration is compiled', async () => {
  expect(await problemsOf({ environment: { WASUP_BREAKER_WINDOW_MS: '60000' } })).toEqual([
    expect.stringMatching(/^WASUP_BREAKER_WINDOW_MS and WASUP_BREAKER_FAILURES: the breaker could never open/),
  ]);
});

describe('memory', () => {
  it.each([
    [{ WASUP_MEMORY_SOFT_LIMIT_MB: '3000' }, 'a hard limit of 3000 MB is not more than the soft limit of 3000 MB'],
    [{ WASUP_MEMORY_HARD_LIMIT_MB: '1000' }, 'write a soft limit of 500, or a larger hard limit'],
    [{ WASUP_MEMORY_SOFT_LIMIT_MB: '100' }, 'less than an account takes that does nothing'],
    [{ WASUP_RECYCLE_AFTER_MS: '60000' }, 'write 120000 at least, or 0 for no planned restarts'],
    [{ WASUP_RECYCLE_AFTER_MS: '130000', WASUP_STABLE_AFTER_MS: '100000' }, 'write 160000 at least'],
    [{ WASUP_RECYCLE_AFTER_MS: '3600000', WASUP_MAX_LOGINS_PER_HOUR: '1' }, 'write 7200000 at least'],
  ])('limits that can’t go together are refused: %j', async (environment, expected) => {
    expect(await problemsOf({ environment })).toEqual([expect.stringContaining(expected)]);
  });

  it.each([
    { WASUP_MEMORY_SOFT_LIMIT_MB: '0' },
    { WASUP_MEMORY_HARD_LIMIT_MB: '0' },
    { WASUP_MEMORY_SOFT_LIMIT_MB: '5000', WASUP_MEMORY_HARD_LIMIT_MB: '0' },
    { WASUP_RECYCLE_AFTER_MS: '120000' },
  ])('a limit can be left out: %j', async (environment) => {
    await expect(compile({ environment })).resolves.toBeDefined();
  });
});
