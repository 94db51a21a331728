import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { enterHome, type HomeOptions } from '../../supervisor/home.js';
import { watchdogIntervalMs } from '../../supervisor/home-systemd.js';

const socket = { NOTIFY_SOCKET: '/run/systemd/notify' };

/** A home whose talk is written down. */
function openHome(environment: Record<string, string>, options: Partial<HomeOptions> = {}) {
  const told: string[] = [];
  const warnings: string[] = [];
  const home = enterHome({
    environment,
    log: { info: () => undefined, warn: (line: string) => void warnings.push(line) },
    pid: 4711,
    send: undefined,
    run: (command, words) => {
      told.push([command, ...words].join(' | '));
      return Promise.resolve(undefined);
    },
    ...options,
  });
  return { home, told, warnings };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('systemd', () => {
  it('hears when wasup is ready, reloads, is ready again, and stops, in this order', async () => {
    const { home, told } = openHome(socket);
    home.ready('1 of 1 listening');
    home.reloading();
    home.ready('2 of 2 listening');
    home.stopping();
    await home.close();
    expect(told).toEqual([
      'systemd-notify | READY=1 | STATUS=1 of 1 listening',
      'systemd-notify | RELOADING=1 | STATUS=Reading the configuration again.',
      'systemd-notify | READY=1 | STATUS=2 of 2 listening',
      'systemd-notify | STOPPING=1 | STATUS=Stopping.',
    ]);
  });

  it('is never told two things at once', async () => {
    const running: (() => void)[] = [];
    let most = 0;
    const { home } = openHome(socket, {
      run: () =>
        new Promise((resolve) => {
          running.push(() => resolve(undefined));
          most = Math.max(most, running.length);
        }),
    });
    home.ready('');
    home.stopping();
    const closed = home.close();
    for (let told = 0; told < 2; told += 1) {
      await vi.advanceTimersByTimeAsync(0);
      running.pop()?.();
    }
    await closed;
    expect(most).toBe(1);
  });

  it('is told a new status at once, and then the newest of each 5 s, and none twice', async () => {
    const { home, told } = openHome(socket);
    home.status('one');
    home.status('two');
    home.status('three');
    await vi.advanceTimersByTimeAsync(4_999);
    expect(told).toEqual(['systemd-notify | STATUS=one']);
    await vi.advanceTimersByTimeAsync(1);
    expect(told.slice(1)).toEqual(['systemd-notify | STATUS=three']);
    home.status('four');
    home.status('three');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toHaveLength(2);
    home.status('five');
    await home.close();
    expect(told.slice(2)).toEqual(['systemd-notify | STATUS=five']);
  });

  it('is not told once more what it has heard with "ready"', async () => {
    const { home, told } = openHome(socket);
    home.status('0 of 1 listening');
    home.status('1 of 1 listening');
    home.ready('1 of 1 listening');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([
      'systemd-notify | STATUS=0 of 1 listening',
      'systemd-notify | READY=1 | STATUS=1 of 1 listening',
    ]);
  });

  it('gets a sign of life twice in the time that it allows, until the end', async () => {
    const { home, told } = openHome({ ...socket, WATCHDOG_USEC: '10000000', WATCHDOG_PID: '4711' });
    await vi.advanceTimersByTimeAsync(15_000);
    home.stopping();
    await vi.advanceTimersByTimeAsync(5_000);
    await home.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told.filter((line) => line.endsWith('WATCHDOG=1'))).toHaveLength(4);
  });

  it.each([
    ['no watchdog', {}, undefined],
    ['a minute', { WATCHDOG_USEC: '60000000' }, 30_000],
    ['this process', { WATCHDOG_USEC: '3000000', WATCHDOG_PID: '4711' }, 1_500],
    ['another process', { WATCHDOG_USEC: '3000000', WATCHDOG_PID: '1' }, undefined],
    ['no time at all', { WATCHDOG_USEC: '0' }, undefined],
    ['nonsense', { WATCHDOG_USEC: 'soon' }, undefined],
  ])('is given signs of life as it asks for: %s', (_name, environment, intervalMs) => {
    expect(watchdogIntervalMs(environment, 4711)).toBe(intervalMs);
  });

  it('that can not be told is a warning once, with what to do, and once more when it fails again later', async () => {
    let problem: string | undefined = 'spawn systemd-notify ENOENT';
    const { home, warnings } = openHome(socket, { run: () => Promise.resolve(problem) });
    home.ready('');
    home.reloading();
    await vi.advanceTimersByTimeAsync(0);
    expect(warnings).toEqual([expect.stringContaining('Install the package "systemd"')]);
    problem = undefined;
    home.ready('');
    await vi.advanceTimersByTimeAsync(0);
    problem = 'not done after 5 s';
    home.stopping();
    await home.close();
    expect(warnings.slice(1)).toEqual([expect.stringContaining('not done after 5 s')]);
  });
});

describe('pm2', () => {
  const environment = { pm_id: '0', wait_ready: 'true' };

  it('hears "ready" once, and nothing else', async () => {
    const sent: string[] = [];
    const { home, told } = openHome({ ...environment, ...socket }, { send: (message) => void sent.push(message) });
    home.status('0 of 1 listening');
    home.ready('1 of 1 listening');
    home.ready('1 of 1 listening');
    home.stopping();
    await home.close();
    expect(sent).toEqual(['ready']);
    expect(told).toEqual([]);
  });

  it('whose daemon is gone is a warning', () => {
    const { home, warnings } = openHome(environment, { send: (_message, onError) => onError(new Error('EPIPE')) });
    home.ready('');
    expect(warnings).toEqual([expect.stringContaining('EPIPE')]);
  });

  it('is not taken for a parent that merely has a channel', () => {
    const sent: string[] = [];
    const { home } = openHome({}, { send: (message) => void sent.push(message) });
    home.ready('');
    expect(sent).toEqual([]);
  });
});

it('nobody hears "ready" of a start that is being given up', async () => {
  const { home, told } = openHome(socket);
  home.stopping();
  home.ready('0 of 1 listening');
  home.status('0 of 1 listening');
  home.reloading();
  await home.close();
  expect(told).toEqual(['systemd-notify | STOPPING=1 | STATUS=Stopping.']);
});

it('as process 1 says that it needs an init', () => {
  expect(openHome({}, { pid: 1 }).warnings).toEqual([expect.stringContaining('docker run --init')]);
  expect(openHome({}).warnings).toEqual([]);
});
