import { expect, it } from 'vitest';

import { environmentForChildren } from '../../supervisor/environment-for-children.js';

const ownAndForeign = { PATH: '/bin', HOME: '/root', WASUP_ACCOUNTS: '12025550100', NODE_ENV: 'production' };

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
