import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type FailureClass, failureClasses } from '../../shared/protocol/messages.js';
import {
  countFailure,
  countOf,
  decayMs,
  emptyTally,
  forgive,
  forgiveClass,
  isLinkedTooOften,
  loginPauseMs,
  maxLinksPerDay,
  noteLink,
  noteLogin,
  readmit,
  type Tally,
} from '../../supervisor/restart-tally.js';
import { readTally, writeTally } from '../../supervisor/restart-tally-file.js';
import { defaultLimits } from '../support/machine-limits.js';

const { maxLoginsPerHour } = defaultLimits;

const hour = 3_600_000;
const start = Date.parse('2026-03-01T12:00:00Z');
const anyClass = fc.constantFrom(...failureClasses);

describe('the count of failures', () => {
  it('is kept for each class apart', () => {
    fc.assert(
      fc.property(fc.array(anyClass, { maxLength: 60 }), (classes) => {
        const tally = classes.reduce((counted, name) => countFailure(counted, name, start), emptyTally());
        for (const name of failureClasses) {
          expect(countOf(tally, name, start)).toBe(classes.filter((failed) => failed === name).length);
        }
      }),
    );
  });

  it('begins anew when the last failure of the class is long ago, and no sooner', () => {
    fc.assert(
      fc.property(anyClass, (name) => {
        const tally = countFailure(countFailure(emptyTally(), name, start), name, start);
        expect(countOf(tally, name, start + decayMs[name])).toBe(2);
        expect(countOf(tally, name, start + decayMs[name] + 1)).toBe(0);
        expect(countOf(countFailure(tally, name, start + decayMs[name] + 1), name, start + decayMs[name] + 1)).toBe(1);
      }),
    );
  });

  it('outlasts the longest pause between two attempts of its class', () => {
    const aMinute = 60_000;
    const longestRestoreDelay = 600_000;
    const longestIncompatibleDelay = 86_400_000;
    for (const name of ['LOCAL', 'NETWORK', 'TRANSIENT', 'BUG'] as const)
      expect(decayMs[name]).toBeGreaterThan(aMinute);
    expect(decayMs.AUTH).toBeGreaterThan(longestRestoreDelay);
    expect(decayMs.INCOMPATIBLE).toBeGreaterThan(longestIncompatibleDelay);
  });

  it('is forgiven for all classes by a life that listened, for one alone where only that has been disproved', () => {
    const tally = failureClasses.reduce((counted, name) => countFailure(counted, name, start), emptyTally());
    expect(forgive(tally).failures).toEqual(emptyTally().failures);
    const others = failureClasses.filter((name) => name !== 'AUTH');
    const forgiven = forgiveClass(tally, 'AUTH');
    expect(countOf(forgiven, 'AUTH', start)).toBe(0);
    for (const name of others) expect(countOf(forgiven, name, start)).toBe(1);
  });

  it('never forgets that a login was found unpaired', () => {
    const tally: Tally = { ...emptyTally(), unpaired: 'not linked' };
    expect(forgive(countFailure(tally, 'AUTH', start)).unpaired).toBe('not linked');
  });
});

describe('logins', () => {
  it('are held back as soon as an hour has had as many as it may, until the first of them is an hour ago', () => {
    let tally = emptyTally();
    for (let login = 0; login < maxLoginsPerHour; login += 1) {
      expect(loginPauseMs(tally, start + login * 1_000, maxLoginsPerHour)).toBe(0);
      tally = noteLogin(tally, start + login * 1_000, maxLoginsPerHour);
    }
    const now = start + maxLoginsPerHour * 1_000;
    expect(loginPauseMs(tally, now, maxLoginsPerHour)).toBe(start + hour - now);
    expect(loginPauseMs(tally, start + hour, maxLoginsPerHour)).toBe(0);
  });

  it('never number more in any hour than an hour may have, whoever waits as told', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 120_000 }), { maxLength: 300 }), (pauses) => {
        let tally = emptyTally();
        let now = start;
        const logins: number[] = [];
        for (const pause of pauses) {
          now += pause;
          now += loginPauseMs(tally, now, maxLoginsPerHour);
          tally = noteLogin(tally, now, maxLoginsPerHour);
          logins.push(now);
          expect(logins.filter((time) => now - time < hour).length).toBeLessThanOrEqual(maxLoginsPerHour);
        }
      }),
    );
  });
});

it('counts links within a day', () => {
  let tally = emptyTally();
  for (let link = 0; link < maxLinksPerDay; link += 1) {
    expect(isLinkedTooOften(tally, start)).toBe(false);
    tally = noteLink(tally, start);
  }
  expect(isLinkedTooOften(tally, start)).toBe(true);
  expect(isLinkedTooOften(tally, start + 24 * hour)).toBe(false);
});

describe('a clock that was set back', () => {
  it('locks nobody out for longer than an hour, and forgets no failure', () => {
    let tally = emptyTally();
    for (let login = 0; login < maxLoginsPerHour; login += 1)
      tally = noteLogin(tally, start + 9_000 * hour, maxLoginsPerHour);
    tally = countFailure(tally, 'AUTH', start + 9_000 * hour);
    const readmitted = readmit(tally, start);
    expect(loginPauseMs(readmitted, start, maxLoginsPerHour)).toBe(hour);
    expect(loginPauseMs(readmitted, start + hour, maxLoginsPerHour)).toBe(0);
    expect(countOf(readmitted, 'AUTH', start)).toBe(1);
    expect(countOf(readmitted, 'AUTH', start + decayMs.AUTH + 1)).toBe(0);
  });
});

describe('the file', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wasup-tally-'));
    path = join(folder, 'restart-tally.json');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('gives back what was written', async () => {
    const failures: FailureClass[] = ['AUTH', 'AUTH', 'NETWORK'];
    let tally = failures.reduce((counted, name) => countFailure(counted, name, start), emptyTally());
    tally = { ...noteLink(noteLogin(tally, start, maxLoginsPerHour), start), unpaired: 'not linked' };
    await writeTally(path, tally);
    expect(await readTally(path, new Date(start))).toEqual({ tally, repaired: undefined });
  });

  it('is empty where there is none', async () => {
    expect(await readTally(path, new Date(start))).toEqual({ tally: emptyTally(), repaired: undefined });
  });

  it.each(['', 'garbage', '[]', '{"failures":{}}', 'null'])(
    'counts anew from a damaged one, which is set aside: %j',
    async (text) => {
      await writeFile(path, text);
      const { tally, repaired } = await readTally(path, new Date(start));
      expect(tally).toEqual(emptyTally());
      expect(repaired).toEqual(expect.any(String));
      const names = await readdir(folder);
      expect(names.filter((name) => name.startsWith('restart-tally.json.damaged-'))).toHaveLength(1);
    },
  );

  it('remembers from a damaged one that the login was found unpaired', async () => {
    await writeTally(path, { ...emptyTally(), unpaired: 'not linked' });
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"logins": []', '"logins": 7'));
    expect((await readTally(path, new Date(start))).tally.unpaired).toBe('not linked');
  });
});
