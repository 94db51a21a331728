import { z } from 'zod';
import { accountStateNames } from './account-state.js';
import { boundTexts } from './bounded-text.js';
import { accountNumberPattern } from './accounts.js';
import { type JsonFileKind, readJsonFile, updateJsonFile } from './files/json-file.js';

/** How far the last restore came. */
const restoreStatuses = [
  /** None was tried yet, or the device was linked anew. */
  'none',
  /** The stored login is being shown to WhatsApp. */
  'authenticating',
  /** WhatsApp took it; the bot is not listening yet. */
  'authenticated',
  /** Verified, caught up, listening. */
  'fully_reactivated',
  /** The attempt failed; the reason says why. */
  'failed',
] as const;

/** How the session came up. */
const restoreModes = [
  /** In the page of the worker before, as that one left it. */
  'hot',
  /** In a browser that was running already, in a fresh page. */
  'warm',
  /** In a browser that was started for it. */
  'cold',
  /** Not by a restore: the device was linked. */
  'relink',
] as const;

const time = z.iso.datetime().nullable();
const processId = z.int().positive().nullable();
const sentence = z.string().nullable();

const fields = {
  number: z.string().regex(accountNumberPattern),
  /** Whether a login is stored, as far as we know. */
  deviceLinked: z.boolean(),
  /** Whether the bot is verified to be listening now. */
  isActive: z.boolean(),
  linkedAt: time,
  lastConnected: time,
  restoreCount: z.int().nonnegative(),
  lastRestoreTime: time,
  restoreStatus: z.enum(restoreStatuses),
  /** Milliseconds of the last completed restore. */
  restoreDuration: z.number().nonnegative().nullable(),
  state: z.enum(accountStateNames),
  restoreMode: z.enum(restoreModes).nullable(),
  /** Why the state is what it is, for a person. */
  reason: sentence,
  /** What a person should do; null when nothing is to be done. */
  userAction: sentence,
  workerPid: processId,
  browserPid: processId,
  waVersion: z.string().nullable(),
  updatedAt: time,
};

const deviceStatusSchema = z.object(fields);

/** Content of `device-status.json`. Times are ISO 8601 in UTC. */
export type DeviceStatus = z.infer<typeof deviceStatusSchema>;

/**
 * Reads an account's status. A missing file is a new account, not a repair. From a damaged one the sound fields are
 * kept, and the file itself is set aside; `repaired` then says what was wrong. `deviceLinked` of a repaired status may be
 * false although the profile holds a login: look at the profile before linking anew.
 *
 * @throws WasupError when the file can't be read for reasons of the machine (permission, failing disk).
 */
export async function readDeviceStatus(
  path: string,
  number: string,
  now = new Date(),
): Promise<{ status: DeviceStatus; repaired: string | undefined }> {
  const { value, repaired } = await readJsonFile(path, deviceStatusFile(number), now);
  return { status: value, repaired };
}

/**
 * Changes some fields and resolves with all of them. Changes of one process apply in the order of their calls.
 *
 * @throws WasupError that says what to do when the file can't be written; whether that matters is the caller's decision.
 */
export function updateDeviceStatus(
  path: string,
  number: string,
  change: Partial<DeviceStatus>,
  now = new Date(),
): Promise<DeviceStatus> {
  return updateJsonFile(path, deviceStatusFile(number), now, (status) => changeStatus(status, change, now));
}

/** @throws ZodError when the change makes no sense. */
export function changeStatus(status: DeviceStatus, change: Partial<DeviceStatus>, now: Date): DeviceStatus {
  return deviceStatusSchema.parse({
    ...status,
    ...boundTexts(change),
    number: status.number,
    updatedAt: now.toISOString(),
  });
}

/** What `device-status.json` of this account is. */
export function deviceStatusFile(number: string): JsonFileKind<DeviceStatus> {
  return { create: () => newStatus(number), salvage: (content) => salvage(content, number) };
}

function newStatus(number: string): DeviceStatus {
  return {
    number,
    deviceLinked: false,
    isActive: false,
    linkedAt: null,
    lastConnected: null,
    restoreCount: 0,
    lastRestoreTime: null,
    restoreStatus: 'none',
    restoreDuration: null,
    state: 'stopped',
    restoreMode: null,
    reason: null,
    userAction: null,
    workerPid: null,
    browserPid: null,
    waVersion: null,
    updatedAt: null,
  };
}

function salvage(content: unknown, number: string): { value: DeviceStatus; damage: string | undefined } {
  const fresh = newStatus(number);
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    return { value: fresh, damage: 'not an object' };
  }
  const given = content as Record<string, unknown>;
  // A folder copied from another account: nothing in it is true of this one.
  if (given['number'] !== number) return { value: fresh, damage: 'it belongs to another account' };
  const unsound = Object.entries(fields)
    .filter(([name, schema]) => !schema.safeParse(given[name]).success)
    .map(([name]) => name);
  const sound = Object.entries(given).filter(([name]) => name in fields && !unsound.includes(name));
  const damage = unsound.length === 0 ? undefined : `wrong or missing: ${unsound.join(', ')}`;
  return { value: { ...fresh, ...Object.fromEntries(sound) }, damage };
}
