import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type DeviceStatus, updateDeviceStatus } from '../../shared/device-status.js';
import { formatDuration, formatTime } from '../../shared/displays/format-time.js';
import { displayDeviceStatus, displaySessionHistory, getSessionStats } from '../../shared/displays/index.js';
import { wrap } from '../../shared/displays/layout.js';
import { WasupError } from '../../shared/errors.js';
import { Inbox } from '../../shared/inbox/inbox.js';
import { type SessionPaths, sessionPaths } from '../../shared/paths.js';
import { appendAttempt } from '../../shared/restore-metrics.js';
import { appendSessionHistory } from '../../shared/session-history.js';
import { execute } from '../../supervisor/commands.js';
import { attempt } from '../support/attempt.js';

const number = '12025550100';
let sessionsDirectory: string;
let paths: SessionPaths;
let lines: string[];
let printed: string;
const write = (line: string): number => lines.push(line);

beforeEach(async () => {
  sessionsDirectory = await mkdtemp(join(tmpdir(), 'wasup-displays-'));
  paths = sessionPaths(sessionsDirectory, number);
  lines = [];
  printed = '';
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
  }
  vi.spyOn(process, 'cwd').mockReturnValue(sessionsDirectory);
  vi.stubEnv('WASUP_SESSIONS_DIR', sessionsDirectory);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(sessionsDirectory, { recursive: true, force: true });
});

const waiting: Partial<DeviceStatus> = {
  deviceLinked: true,
  linkedAt: '2026-11-01T10:00:00.000Z',
  state: 'backoff',
  reason: 'WhatsApp can’t be reached from this machine at the moment',
  userAction: 'Look at the network of this machine, at its proxy and at its clock, and wait.',
  restoreCount: 3,
};

describe('the status', () => {
  it('is told in sentences, with reason and action in full, and resolves with what it read', async () => {
    const written = await updateDeviceStatus(paths.deviceStatus, number, waiting);
    expect(await displayDeviceStatus(number, { write, width: 200 })).toEqual(written);
    const text = lines.join('\n');
    expect(text).toMatch(/^Account +\+12025550100$/m);
    expect(text).toMatch(/^State +Waiting before the next attempt\.$/m);
    expect(text).toMatch(/^Linked +Yes, since 2026-11-01 \d\d:00:00 [+-]\d\d:\d\d \(.* ago\)\.$/m);
    expect(text).toContain(waiting.reason);
    expect(text).toContain(waiting.userAction);
  });

  it('says how many messages are parked, where there are any', async () => {
    await updateDeviceStatus(paths.deviceStatus, number, waiting);
    const onTrouble = vi.fn();
    const inbox = new Inbox({ path: paths.inbox, now: Date.now, onTrouble, onSaved: onTrouble, onRebuilt: onTrouble });
    inbox.add({ id: 'a', chat: 'c', t: 1, raw: '{}' });
    await displayDeviceStatus(number, { write, width: 200 });
    expect(lines.join('\n')).not.toContain('Dead letters');
    const message = inbox.get('a');
    if (message === undefined) throw new Error('The inbox has lost it.');
    inbox.update({ ...message, state: 'dead', settledAt: 1 });
    inbox.close();
    expect(onTrouble).not.toHaveBeenCalled();
    await displayDeviceStatus(number, { write, width: 200 });
    expect(lines.join('\n')).toMatch(
      /^Dead letters +1 message, on which the bot has failed: see "wasup messages 12025550100"\.$/m,
    );
  });

  it('wraps on a narrow terminal', async () => {
    await updateDeviceStatus(paths.deviceStatus, number, waiting);
    await displayDeviceStatus(number, { write, width: 50 });
    expect(lines.filter((line) => line.length > 50)).toEqual([]);
    expect(lines.join(' ').replaceAll(/\s+/g, ' ')).toContain(waiting.userAction);
  });

  it.each(['', '{"number": "1202', '{"number": "12025550100", "state": "dancing"}'])(
    'of a damaged file is told as far as it goes, and the file stays as it is: %j',
    async (text) => {
      await mkdir(dirname(paths.deviceStatus));
      await writeFile(paths.deviceStatus, text);
      await displayDeviceStatus(number, { write });
      expect(lines.join('\n')).toMatch(/^Damaged/m);
      expect(await readFile(paths.deviceStatus, 'utf8')).toBe(text);
      expect(await readdir(paths.directory)).toEqual(['device-status.json']);
    },
  );
});

describe('the history', () => {
  it('shows the newest events, oldest first, with all that they say', async () => {
    for (const attempt of [1, 2, 3]) {
      await appendSessionHistory(paths.sessionHistory, {
        eventType: 'restore_auth_failed',
        attempt,
        reason: 'refused',
        rung: 'cold',
      });
    }
    const entries = await displaySessionHistory(number, 2, { write });
    expect(entries.map(({ attempt }) => attempt)).toEqual([2, 3]);
    expect(lines.at(-1)?.trim()).toBe('restore auth failed: attempt 3; refused; rung: cold');
    expect(lines[0]).toMatch(/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d \(.* ago\)$/);
  });

  it('of a new account says that nothing has happened', async () => {
    await mkdir(paths.directory);
    expect(await displaySessionHistory(number, 20, { write })).toEqual([]);
    expect(lines).toEqual(['Nothing has happened yet.']);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses the limit %s', async (limit) => {
    await expect(displaySessionHistory(number, limit)).rejects.toThrow(RangeError);
  });
});

it.each(['12025550111', '../../etc', ''])(
  'an account that isn’t there (%j) is an error that names the folder',
  async (other) => {
    for (const display of [displayDeviceStatus, (asked: string) => displaySessionHistory(asked), getSessionStats]) {
      const error: unknown = await display(other).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(WasupError);
      expect((error as WasupError).message).toContain(sessionsDirectory);
      expect((error as WasupError).exitCode).toBe(1);
    }
  },
);

describe('the commands', () => {
  beforeEach(async () => {
    await updateDeviceStatus(paths.deviceStatus, number, waiting);
    await appendSessionHistory(paths.sessionHistory, { eventType: 'device_linked' });
    await appendAttempt(paths.restoreMetrics, attempt({ rung: 'cold', durationMs: 1_234, phases: { browser: 200 } }));
  });

  it('show every account in the folder, or those that were asked for', async () => {
    await updateDeviceStatus(sessionPaths(sessionsDirectory, '12025550199').deviceStatus, '12025550199', {});
    await mkdir(join(sessionsDirectory, 'session-x'));
    expect(await execute(['status'])).toBe(0);
    expect(printed).toMatch(/\+12025550100[^]*\+12025550199/);
    printed = '';
    expect(await execute(['status', number])).toBe(0);
    expect(printed).not.toContain('12025550199');
  });

  it('print arrays for programs', async () => {
    for (const [words, expected] of [
      [['status', '--json'], { number, deviceLinked: true }],
      [['stats', number, '--json'], { number, attempts: 1, successRate: 1 }],
      [['history', number, '--json'], { eventType: 'device_linked' }],
    ] as const) {
      printed = '';
      expect(await execute(words)).toBe(0);
      expect(JSON.parse(printed)).toEqual([expect.objectContaining(expected)]);
    }
  });

  it('say how many values a figure has, rather than pretend', async () => {
    expect(await execute(['stats'])).toBe(0);
    expect(printed).toContain('1 of 1 succeeded (100 %)');
    expect(printed).toMatch(/cold +p50 1\.2 s, max 1\.2 s \(n=1\)/);
  });

  it.each([['status'], ['history'], ['stats'], ['restore-profile']])(
    '%s: an account that isn’t there ends with 1',
    async (command) => {
      expect(await execute([command, '12025550111'])).toBe(1);
      expect(printed).toContain('session-12025550111');
    },
  );

  it.each([
    ['status', '--frobnicate'],
    ['status', '+1202'],
    ['history'],
    ['history', number, '--limit', '0'],
    ['stats', 'all'],
    ['restore-profile'],
  ])('refuse wrong words: %s %s', async (...words) => {
    expect(await execute(words)).toBe(64);
  });

  it('only read: no file is changed or made', async () => {
    await writeFile(paths.sessionHistory, '[{"timest');
    const before = await contents();
    for (const words of [['status'], ['history', number], ['stats']]) await execute(words);
    expect(await contents()).toEqual(before);
  });

  async function contents(): Promise<Record<string, string>> {
    const names = await readdir(paths.directory);
    const texts = names.map(async (name) => [name, await readFile(join(paths.directory, name), 'utf8')] as const);
    return Object.fromEntries(await Promise.all(texts));
  }
});

it.each([
  [0, '0 ms'],
  [999.6, '1000 ms'],
  [1_234, '1.2 s'],
  [59_949, '59.9 s'],
  [59_960, '1 min'],
  [61_000, '1 min 1 s'],
  [3_599_600, '1 h'],
  [5_400_000, '1 h 30 min'],
  [86_400_000, '1 d'],
  [180_000_000, '2 d 2 h'],
])('%d ms are told as "%s"', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

it('a time is told with its offset and its distance, also one to come', () => {
  const now = new Date('2026-11-22T16:00:00.000Z');
  expect(formatTime('2026-11-22T15:58:55.000Z', now)).toMatch(
    /^2026-11-2\d \d\d:\d\d:55 [+-]\d\d:\d\d \(1 min 5 s ago\)$/,
  );
  expect(formatTime('2026-11-22T16:00:02.000Z', now)).toContain('(in 2.0 s)');
});

it('a text is wrapped between words; a long word keeps a line to itself', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('a verylongword b', 5)).toEqual(['a', 'verylongword', 'b']);
});
