import { expect, it } from 'vitest';

import {
  environmentForBrowsers,
  environmentForChildren,
  environmentForWorkers,
} from '../../supervisor/environment-for-children.js';

const ownAndForeign = { PATH: '/bin', HOME: '/root', NODE_ENV: 'production' };

it('children are not told what systemd and Node told the supervisor', () => {
  expect(
    environmentForChildren({
      ...ownAndForeign,
      NOTIFY_SOCKET: '/run/systemd/notify',
      WATCHDOG_USEC: '60000000',
      WATCHDOG_PID: '1',
      NODE_CHANNEL_FD: '3',
      NODE_CHANNEL_SERIALIZATION_MODE: 'json',
      NODE_UNIQUE_ID: '1',
    }),
  ).toEqual(ownAndForeign);
});

it("children don't take themselves for pm2's, and can still run it", () => {
  expect(
    environmentForChildren({
      ...ownAndForeign,
      pm_id: '0',
      pm_exec_path: '/opt/wasup/supervisor/index.js',
      name: 'wasup',
      status: 'launching',
      NODE_APP_INSTANCE: '0',
      wait_ready: 'true',
      exp_backoff_restart_delay: '100',
      PM2_USAGE: 'CLI',
      PM2_HOME: '/root/.pm2',
    }),
  ).toEqual({ ...ownAndForeign, PM2_HOME: '/root/.pm2' });
});

it('variables that only look like those of pm2 stay where there is no pm2', () => {
  const environment = { ...ownAndForeign, name: 'mine', status: 'mine', instances: '2' };
  expect(environmentForChildren(environment)).toEqual(environment);
});

it('no setting of wasup reaches a child, whatever its name, but for the folder that the displays read', () => {
  const settings = {
    WASUP_ACCOUNTS: '12025550100,12025550101',
    WASUP_HTTP_TOKEN: 'a',
    WASUP_ALERT_SECRET: 'b',
    WASUP_FLEET_URL: 'c',
    WASUP_FLEET_KEY: 'd',
    WASUP_BACKUP_KEY: 'e',
    WASUP_BROWSER_ARGS: 'f',
    wasup_lower_case: 'g',
  };
  const environment = { ...ownAndForeign, ...settings, WASUP_SESSIONS_DIR: '/sessions' };
  const expected = { ...ownAndForeign, WASUP_SESSIONS_DIR: '/sessions' };
  expect(environmentForChildren(environment)).toEqual(expected);
  expect(environmentForWorkers(environment, { isTTY: false })).toEqual(expected);
  expect(environmentForBrowsers(environment)).toEqual(expected);
});

it('passwords of proxies reach no browser; a bot needs them to get out', () => {
  const environment = { ...ownAndForeign, HTTPS_PROXY: 'http://me:hunter2@proxy.example:3128' };
  expect(environmentForBrowsers(environment)['HTTPS_PROXY']).toBe('http://***@proxy.example:3128');
  expect(environmentForChildren(environment)).toEqual(environment);
});

it.each([
  [1, '0'],
  [4, '1'],
  [8, '2'],
  [24, '3'],
])('a bot may use the colours of the terminal to which its output leads (%i bits)', (depth, level) => {
  const terminal = { isTTY: true, getColorDepth: () => depth };
  expect(environmentForWorkers(ownAndForeign, terminal)).toEqual({ ...ownAndForeign, FORCE_COLOR: level });
  expect(environmentForWorkers(ownAndForeign, { ...terminal, isTTY: false })).toEqual(ownAndForeign);
  for (const decided of [{ NO_COLOR: '1' }, { FORCE_COLOR: '3' }]) {
    expect(environmentForWorkers({ ...ownAndForeign, ...decided }, terminal)).toEqual({ ...ownAndForeign, ...decided });
  }
});
