import { mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type DeviceStatus, readDeviceStatus, updateDeviceStatus } from '../../shared/device-status.js';
import { WasupError } from '../../shared/errors.js';
import { fileError } from '../../shared/files/file-error.js';

const number = '491701234567';
const now = new Date('2026-11-22T16:00:00.000Z');
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-device-status-'));
  path = join(folder, 'session-491701234567', 'device-status.json');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

const onDisk = async (): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));
const names = (): Promise<string[]> => readdir(dirname(path)).then((list) => list.sort());

describe('a missing file', () => {
  test('is a new account, not a repair, and reading makes no file', async () => {
    const { status, repaired } = await readDeviceStatus(path, number);
    expect(repaired).toBeUndefined();
    expect(status).toMatchObject({
      number,
      deviceLinked: false,
      isActive: false,
      restoreCount: 0,
      restoreStatus: 'none',
    });
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  test('is made by the first change, with its folder, for this user alone', async () => {
    await updateDeviceStatus(path, number, { deviceLinked: true }, now);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
    expect(await onDisk()).toMatchObject({ number, deviceLinked: true, updatedAt: '2026-11-22T16:00:00.000Z' });
    expect(await names()).toEqual(['device-status.json']);
  });
});

describe('changes', () => {
  test('have a reason of any length, of which the file gets the beginning', async () => {
    const status = await updateDeviceStatus(path, number, { reason: 'z'.repeat(3_000_000) });
    expect(status.reason).toMatch(/^z+… \(\d+ more bytes\)$/);
    expect((await stat(path)).size).toBeLessThan(6_000);
  });

  test('leave the other fields as they are', async () => {
    await updateDeviceStatus(path, number, { linkedAt: now.toISOString(), workerPid: 12 });
    const status = await updateDeviceStatus(path, number, { restoreCount: 1, state: 'listening' });
    expect(status).toMatchObject({ linkedAt: now.toISOString(), workerPid: 12, restoreCount: 1, state: 'listening' });
    expect((await readDeviceStatus(path, number)).status).toEqual(status);
  });

  test('that are made at once are all there afterwards, in the order of their calls', async () => {
    const changes: Partial<DeviceStatus>[] = [
      { workerPid: 1 },
      { browserPid: 2 },
      { isActive: true },
      { workerPid: 3 },
    ];
    void changes.map((change) => updateDeviceStatus(path, number, change));
    expect((await readDeviceStatus(path, number)).status).toMatchObject({
      workerPid: 3,
      browserPid: 2,
      isActive: true,
    });
  });

  test('of two processes at once are all there afterwards', async () => {
    // A second copy of the modules has a queue of its own, as another process has.
    vi.resetModules();
    const other = await import('../../shared/device-status.js');
    const count = 25;
    const own = Array.from({ length: count }, (_, pid) => updateDeviceStatus(path, number, { workerPid: pid + 1 }));
    const others = Array.from({ length: count }, (_, pid) =>
      other.updateDeviceStatus(path, number, { browserPid: pid + 1 }),
    );
    await Promise.all([...own, ...others]);
    expect(await onDisk()).toMatchObject({ workerPid: count, browserPid: count });
    expect(await names()).toEqual(['device-status.json']);
  });

  test('that make no sense are refused and leave the file alone', async () => {
    await updateDeviceStatus(path, number, { restoreCount: 4 });
    await expect(updateDeviceStatus(path, number, { restoreCount: -1 })).rejects.toThrow();
    expect(await onDisk()).toMatchObject({ restoreCount: 4 });
  });

  test('sweep up what a killed process left unfinished, and not what another is writing', async () => {
    await put('{');
    const old = `${path}.0123456789ab.unfinished`;
    const fresh = `${path}.ba9876543210.unfinished`;
    await Promise.all([writeFile(old, ''), writeFile(fresh, '')]);
    await utimes(old, 0, 0);
    await updateDeviceStatus(path, number, {}, now);
    expect(await names()).toEqual([
      'device-status.json',
      'device-status.json.ba9876543210.unfinished',
      'device-status.json.damaged-20261122T160000000Z',
    ]);
  });
});

describe('a damaged file', () => {
  test.each([
    ['', 'empty'],
    ['{"number": "4917', 'not JSON, probably cut off'],
    ['[]', 'not an object'],
    ['{"number": "14155550100"}', 'it belongs to another account'],
  ])('%j is set aside and rebuilt', async (text, reason) => {
    await put(text);
    const { status, repaired } = await readDeviceStatus(path, number, now);
    expect(repaired).toBe(reason);
    expect(status).toMatchObject({ number, deviceLinked: false });
    expect(await onDisk()).toEqual(status);
    expect(await readFile(`${path}.damaged-20261122T160000000Z`, 'utf8')).toBe(text);
    expect((await readDeviceStatus(path, number)).repaired).toBeUndefined();
  });

  test('keeps its sound fields', async () => {
    const sound = await updateDeviceStatus(path, number, { deviceLinked: true, linkedAt: now.toISOString() });
    await put(JSON.stringify({ ...sound, restoreCount: -3, state: 'dancing', unheardOf: 1 }));
    const { status, repaired } = await readDeviceStatus(path, number, now);
    expect(repaired).toBe('wrong or missing: restoreCount, state');
    expect(status).toEqual({ ...sound, restoreCount: 0, state: 'stopped' });
    expect(await updateDeviceStatus(path, number, {}, now)).toMatchObject({ deviceLinked: true });
  });

  test('may even be a folder', async () => {
    await mkdir(path, { recursive: true });
    expect((await readDeviceStatus(path, number, now)).repaired).toBe('a folder is in its place');
    expect(await onDisk()).toMatchObject({ number });
  });

  test('that can’t be moved is read as far as it can be, again and again, until a change replaces it', async () => {
    // Its name is so long that there is none for a damaged version of it.
    path = join(folder, `${'x'.repeat(225)}.json`);
    await writeFile(path, 'damaged');
    const found = { status: { number, deviceLinked: false }, repaired: 'not JSON, probably cut off' };
    expect(await readDeviceStatus(path, number, now)).toMatchObject(found);
    expect(await readDeviceStatus(path, number, now)).toMatchObject(found);
    expect(await readFile(path, 'utf8')).toBe('damaged');
    expect(await updateDeviceStatus(path, number, { deviceLinked: true }, now)).toMatchObject({ deviceLinked: true });
    expect(await onDisk()).toMatchObject({ deviceLinked: true });
  });

  test('is kept in its newest three versions', async () => {
    for (const hour of [1, 2, 3, 4, 5]) {
      await put('damaged');
      await readDeviceStatus(path, number, new Date(Date.UTC(2026, 0, 1, hour)));
    }
    const versions = ['03', '04', '05'].map((hour) => `device-status.json.damaged-20260101T${hour}0000000Z`);
    expect(await names()).toEqual(['device-status.json', ...versions]);
  });

  test('is never fatal, whatever it holds', async () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.object().map((value) => JSON.stringify({ ...value, number })),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (text) => {
        await put(text);
        const { status } = await readDeviceStatus(path, number, now);
        expect(status.number).toBe(number);
        await expect(updateDeviceStatus(path, number, { isActive: true })).resolves.toMatchObject({ isActive: true });
      }),
      { numRuns: 50 },
    );
  });
});

describe('a disk that refuses', () => {
  test('makes an error that says what to do, and later changes are tried again', async () => {
    await writeFile(join(folder, 'session-491701234567'), 'a file where the folder should be');
    const error: unknown = await updateDeviceStatus(path, number, {}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WasupError);
    expect((error as WasupError).message).toContain('a part of the path is a file, not a folder');
    expect((error as WasupError).remedy).not.toBe('');
    await rm(join(folder, 'session-491701234567'));
    await expect(updateDeviceStatus(path, number, { isActive: true })).resolves.toMatchObject({ isActive: true });
  });

  test.each([
    ['ENOSPC', 'the disk is full', 69],
    ['EROFS', 'the file system is read-only', 78],
    ['EACCES', 'permission denied', 78],
    ['EBUSY', "it is a mount of its own, which can't be replaced", 78],
    ['EMFILE', 'this process has too many open files', 69],
    ['EUNHEARDOF', 'of a new kind', 78],
  ])('with %s names the file, the reason and the folder to look at', (code, reason, exitCode) => {
    const error = fileError('write', '/data/session-1/x.json', Object.assign(new Error('of a new kind'), { code }));
    expect(error.message).toBe(`Cannot write /data/session-1/x.json: ${reason}`);
    expect(error.remedy).toMatch(code === 'EMFILE' ? 'ulimit -n' : '/data/session-1');
    expect(error.exitCode).toBe(exitCode);
  });
});
