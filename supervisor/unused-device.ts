import type { Alert } from '../shared/alerts.js';

const dayMs = 24 * 3_600_000;
/** WhatsApp unlinks a device that hasn't been connected for so long; and all devices of a phone unused for a fortnight. */
const deviceLimitDays = 30;
const phoneLimitDays = 14;

/** How many days without a connection are worth a warning. */
export type UnusedDays = 10 | 20;

/**
 * What to say of a device that hasn't been connected for long, before WhatsApp unlinks it. Pure.
 *
 * @param lastConnected ISO 8601; null for a device that never was.
 * @returns `days` is the threshold that was passed, so that each is told once.
 */
export function unusedDeviceAlert(
  lastConnected: string | null,
  now: Date,
): (Alert & { readonly days: UnusedDays }) | undefined {
  if (lastConnected === null) return undefined;
  const passed = Math.floor((now.getTime() - Date.parse(lastConnected)) / dayMs);
  // A clock that is wrong, or a time that is none, says nothing about the device.
  if (Number.isNaN(passed) || passed < 10) return undefined;
  const left = deviceLimitDays - passed;
  const outlook = left > 0 ? `in about ${left} ${left === 1 ? 'day' : 'days'}` : 'any time now, if it has not done so';
  return {
    kind: 'device-unused',
    days: passed < 20 ? 10 : 20,
    sentence:
      `The device has not been connected for ${passed} days. WhatsApp unlinks a device after ${deviceLimitDays} days: ${outlook}. ` +
      `It unlinks all devices of a phone that was not used for ${phoneLimitDays} days.`,
    action: 'Bring the account up again, and open WhatsApp on the phone once.',
  };
}
