import { expect, it } from 'vitest';

import { unusedDeviceAlert } from '../../supervisor/unused-device.js';

const now = new Date('2026-11-22T12:00:00.000Z');
const daysAgo = (days: number): string => new Date(now.getTime() - days * 24 * 3_600_000).toISOString();

it.each([
  ['was connected just now', daysAgo(0)],
  ['was connected nine days ago', daysAgo(9)],
  ['was connected a moment less than ten days ago', daysAgo(10 - 1e-6)],
  ['was never connected', null],
  ['was connected in the future, as the clock has it', daysAgo(-400)],
  ['was connected at a time that is none', 'yesterday'],
])('there is nothing to say of a device that %s', (_name, lastConnected) => {
  expect(unusedDeviceAlert(lastConnected, now)).toBeUndefined();
});

it.each([
  [10, 10, 'in about 20 days'],
  [19.9, 10, 'in about 11 days'],
  [20, 20, 'in about 10 days'],
  [29, 20, 'in about 1 day.'],
  [30, 20, 'any time now'],
  [4_000, 20, 'any time now'],
])('a device that was not connected for %d days is told of as one of %d', (passed, days, outlook) => {
  const alert = unusedDeviceAlert(daysAgo(passed), now);
  expect(alert).toMatchObject({ kind: 'device-unused', days });
  expect(alert?.sentence).toContain(`${Math.floor(passed)} days`);
  expect(alert?.sentence).toContain(outlook);
  expect(alert?.action).toContain('phone');
});
