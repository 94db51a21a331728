import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { accountStateNames } from '../../shared/account-state.js';
import { changeStatus, type DeviceStatus, deviceStatusFile } from '../../shared/device-status.js';
import { judgeStatus, type KnownOfAccount } from '../../supervisor/judge-status.js';

const empty = deviceStatusFile('12025550100').create();
const status = (change: Partial<DeviceStatus>): DeviceStatus => ({ ...empty, deviceLinked: true, ...change });
const listening: KnownOfAccount = { state: 'listening', workerPid: 10, browserPid: 20 };
const restoring: KnownOfAccount = { state: 'restoring', workerPid: 10, browserPid: 20 };
const degraded: KnownOfAccount = { state: 'degraded', workerPid: 10, browserPid: 20 };
const waiting: KnownOfAccount = { state: 'backoff', workerPid: null, browserPid: 20 };
const up = { isActive: true, workerPid: 10, browserPid: 20 };
const down = { isActive: false, workerPid: null, browserPid: 20 };

describe('a status file', () => {
  it.each<[string, Partial<DeviceStatus>, KnownOfAccount, string]>([
    ['that says what is so is true', up, listening, 'true'],
    ['that denies a session that listens contradicts', { ...up, isActive: false }, listening, 'contradicting'],
    ['that names another worker contradicts', { ...up, workerPid: 11 }, listening, 'contradicting'],
    ['that names no worker of one that listens contradicts', { ...up, workerPid: null }, listening, 'contradicting'],
    [
      'that denies the link of a session that listens contradicts',
      { ...up, deviceLinked: false },
      listening,
      'contradicting',
    ],
    ['that names another browser is outdated', { ...up, browserPid: 21 }, listening, 'outdated'],
    ['of a worker that comes up is true', { ...up, isActive: false }, restoring, 'true'],
    ['to which a new worker hasn’t come yet is true', down, restoring, 'true'],
    ['that names the worker before contradicts', { ...down, workerPid: 9 }, restoring, 'contradicting'],
    ['that says active before it is contradicts', up, restoring, 'contradicting'],
    ['of a session whose connection is away is true', { ...up, isActive: false }, degraded, 'true'],
    ['that says active of one whose connection is away contradicts', up, degraded, 'contradicting'],
    ['of an account without a worker is true', down, waiting, 'true'],
    ['that says active without a worker contradicts', { ...down, isActive: true }, waiting, 'contradicting'],
    ['that names a worker where there is none contradicts', { ...down, workerPid: 10 }, waiting, 'contradicting'],
    ['that names a browser that has gone is outdated', down, { ...waiting, browserPid: null }, 'outdated'],
  ])('%s', (_what, change, known, kind) => {
    expect(judgeStatus(status(change), known).kind).toBe(kind);
  });

  it.each(['missing', 'damaged'] as const)('that is %s is just that', (found) => {
    expect(judgeStatus(found, listening)).toEqual({ kind: found });
  });

  it('that contradicts is told with both sides', () => {
    expect(judgeStatus(status({ isActive: false, workerPid: 9 }), listening)).toMatchObject({
      sentence: 'device-status.json said that the bot does not listen in worker 9, while it listens in worker 10.',
      correction: { isActive: true, workerPid: 10, browserPid: 20, state: 'listening', deviceLinked: true },
    });
  });

  const pid = fc.option(fc.integer({ min: 1, max: 4 }), { nil: null });
  const anyStatus = fc
    .record({
      isActive: fc.boolean(),
      deviceLinked: fc.boolean(),
      workerPid: pid,
      browserPid: pid,
      state: fc.constantFrom(...accountStateNames),
    })
    .map(status);
  const anyKnown = fc.record({ state: fc.constantFrom(...accountStateNames), workerPid: pid, browserPid: pid });

  it('is true once it was corrected, whatever it said: two looks never write against each other', () => {
    fc.assert(
      fc.property(anyStatus, anyKnown, (found, known) => {
        const verdict = judgeStatus(found, known);
        if (!('correction' in verdict)) return;
        const corrected = changeStatus(found, verdict.correction, new Date());
        expect(judgeStatus(corrected, known).kind).toBe('true');
      }),
    );
  });

  it('that is true is never more optimistic than what is known', () => {
    fc.assert(
      fc.property(anyStatus, anyKnown, (found, known) => {
        if (judgeStatus(found, known).kind !== 'true' || !found.isActive) return;
        expect(known.state).toBe('listening');
        expect(found.workerPid).toBe(known.workerPid);
      }),
    );
  });
});
