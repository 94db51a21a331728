import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  claimPairingCode,
  decidePairingCode,
  describeRefusal,
  type LinkingLimits,
  pairingCodeSpacingMs,
  pausePairingCodes,
  readPairingCodeDecision,
  withClock,
} from '../../shared/linking-limits.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const start = Date.parse('2026-11-22T12:00:00.000Z');
const at = (sinceStartMs: number): Date => new Date(start + sinceStartMs);

const asked = (...times: number[]): LinkingLimits => ({
  codes: times.map((time) => ({ at: at(time).toISOString(), aheadSince: null })),
  pause: null,
});
const paused = (time: number): LinkingLimits => ({
  codes: [],
  pause: { at: at(time).toISOString(), aheadSince: null, why: 'rate-limited' },
});

describe('a pairing code', () => {
  it.each<[string, LinkingLimits, number, 'yes' | [why: string, untilMs: number]]>([
    ['may be the first', asked(), 0, 'yes'],
    ['has to wait three minutes after the last', asked(0), 1, ['too-soon', 3 * minuteMs]],
    ['has to wait for the last millisecond of them', asked(0), 3 * minuteMs - 1, ['too-soon', 3 * minuteMs]],
    ['may follow then', asked(0), 3 * minuteMs, 'yes'],
    ['may be the third of a day', asked(0, hourMs), 2 * hourMs, 'yes'],
    ['may not be the fourth', asked(0, hourMs, 2 * hourMs), 3 * hourMs, ['spent-for-today', dayMs]],
    ['may be when the first of three is a day old', asked(0, hourMs, 2 * hourMs), dayMs, 'yes'],
    ['waits for the third newest of many', asked(0, 1, 2, 3, 4), hourMs, ['spent-for-today', dayMs + 2]],
    ['waits for the longer of two reasons', asked(0, 1, dayMs - 1), dayMs - 1, ['too-soon', dayMs - 1 + 3 * minuteMs]],
    ['has to wait a day after WhatsApp said that it is too many', paused(0), hourMs, ['rate-limited', dayMs]],
    ['may follow after that day', paused(0), dayMs, 'yes'],
  ])('%s', (_name, limits, nowMs, expected) => {
    const decision = decidePairingCode(withClock(limits, at(nowMs)), at(nowMs));
    if (expected === 'yes') expect(decision).toEqual({ allowed: true });
    else expect(decision).toEqual({ allowed: false, why: expected[0], until: at(expected[1]) });
  });

  it('is refused with the reason and the time when it may be asked for', () => {
    const refusal = decidePairingCode(asked(0), at(1));
    expect(refusal.allowed ? '' : describeRefusal(refusal)).toBe(
      'A pairing code was asked for within the last three minutes; the next may be asked for after 2026-11-22 12:03 UTC',
    );
  });
});

describe('a clock', () => {
  /** As the file does: noted at each look, and asked for whenever it is allowed. */
  class Record {
    limits = asked();
    readonly allowedAt: number[] = [];

    ask(nowMs: number): boolean {
      this.limits = withClock(this.limits, at(nowMs));
      if (!decidePairingCode(this.limits, at(nowMs)).allowed) return false;
      this.allowedAt.push(nowMs);
      this.limits = { ...this.limits, codes: [...this.limits.codes, ...asked(nowMs).codes].slice(-10) };
      return true;
    }
  }

  const steps = fc.array(fc.integer({ min: 0, max: 6 * hourMs }), { maxLength: 60 });
  const jump = fc.oneof(fc.integer({ min: 1, max: 3 * dayMs }), fc.integer({ min: 1, max: 4_000 * dayMs }));

  it('that only goes forward lets no two codes come within three minutes, nor four within a day', () => {
    fc.assert(
      fc.property(steps, (waits) => {
        const record = new Record();
        let now = 0;
        for (const wait of waits) record.ask((now += wait));
        record.allowedAt.forEach((time, index, all) => {
          if (index >= 1) expect(time - (all[index - 1] ?? 0)).toBeGreaterThanOrEqual(pairingCodeSpacingMs);
          if (index >= 3) expect(time - (all[index - 3] ?? 0)).toBeGreaterThanOrEqual(dayMs);
        });
      }),
    );
  });

  it('that is set back opens no gate: what had to wait still waits, and the day still has three codes', () => {
    fc.assert(
      fc.property(steps, jump, steps, (before, back, after) => {
        const record = new Record();
        let now = 0;
        for (const wait of before) record.ask((now += wait));
        const wasAllowed = decidePairingCode(withClock(record.limits, at(now)), at(now)).allowed;
        now -= back;
        if (!wasAllowed) expect(record.ask(now)).toBe(false);
        const backAt = now;
        const earlier = record.allowedAt.length;
        for (const wait of after) record.ask((now += wait));
        const firstDay = record.allowedAt.slice(earlier).filter((time) => time < backAt + dayMs);
        expect(firstDay.length).toBeLessThanOrEqual(3);
      }),
    );
  });

  it('that is set back locks nobody out for longer than three days of waiting', () => {
    fc.assert(
      fc.property(steps, jump, (before, back) => {
        const record = new Record();
        let now = 0;
        for (const wait of before) record.ask((now += wait));
        now -= back;
        record.limits = withClock({ ...record.limits, pause: paused(now + back).pause }, at(now));
        record.ask(now);
        // What was more than a day ahead counts for a day from now, and for another one when its time has come.
        const hours = Array.from({ length: 3 * 24 + 2 }, (_, hour) => hour);
        expect(hours.some((hour) => record.ask(now + hour * hourMs))).toBe(true);
      }),
    );
  });

  it('that starts years back and is put right forgets nothing', () => {
    const record = new Record();
    record.ask(0);
    expect(record.ask(-400 * dayMs)).toBe(false);
    expect(record.ask(minuteMs)).toBe(false);
    expect(record.ask(3 * minuteMs)).toBe(true);
  });
});

describe('the record of pairing codes', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wasup-limits-'));
    path = join(folder, 'linking-limits.json');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('counts a code when it is claimed, for whoever asks next', async () => {
    expect(await claimPairingCode(path, at(0))).toEqual({ allowed: true });
    expect(await claimPairingCode(path, at(1))).toMatchObject({ allowed: false, why: 'too-soon' });
    expect(await readPairingCodeDecision(path, at(1))).toMatchObject({ allowed: false, why: 'too-soon' });
    expect(await readPairingCodeDecision(path, at(3 * minuteMs))).toEqual({ allowed: true });
  });

  it('lets one of two have the code that both claim at once', async () => {
    const decisions = await Promise.all([claimPairingCode(path, at(0)), claimPairingCode(path, at(0))]);
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(1);
  });

  it('doesn’t count a code that was refused', async () => {
    await claimPairingCode(path, at(0));
    for (let minute = 0; minute < 3; minute += 1) await claimPairingCode(path, at(minute * minuteMs));
    expect(await claimPairingCode(path, at(3 * minuteMs))).toEqual({ allowed: true });
  });

  it('remembers for a day that WhatsApp has refused', async () => {
    await pausePairingCodes(path, at(0));
    expect(await claimPairingCode(path, at(dayMs - 1))).toMatchObject({ allowed: false, why: 'rate-limited' });
    expect(await claimPairingCode(path, at(dayMs))).toEqual({ allowed: true });
  });

  it.each([
    ['nothing in it', ''],
    ['garbage in it', 'garbage'],
    ['half of it', '{"codes": [{"at": "2026-11-22T12'],
    ['times that are none', '{"codes": [{"at": "yesterday", "aheadSince": null}], "pause": null}'],
    ['something else in it', '[]'],
  ])('that has %s is set aside, and counts as if the day’s codes were spent', async (_name, text) => {
    await writeFile(path, text);
    expect(await claimPairingCode(path, at(0))).toMatchObject({ allowed: false, why: 'record-damaged' });
    expect(await claimPairingCode(path, at(dayMs - 1))).toMatchObject({ allowed: false, why: 'record-damaged' });
    expect(await claimPairingCode(path, at(dayMs))).toEqual({ allowed: true });
    const damaged = (await readdir(folder)).find((name) => name.includes('.damaged-'));
    expect(await readFile(join(folder, damaged ?? 'no damaged file'), 'utf8')).toBe(text);
  });

  it('that can’t be written lets no code be asked for', async () => {
    await expect(claimPairingCode(join(folder, 'linking-limits.json', 'below-a-file'), at(0))).resolves.toBeDefined();
    await writeFile(join(folder, 'file'), '');
    await expect(claimPairingCode(join(folder, 'file', 'linking-limits.json'), at(0))).rejects.toThrow(/Cannot/);
  });
});
