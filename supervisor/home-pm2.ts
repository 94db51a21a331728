import type { Home, HomeOptions } from './home.js';

/**
 * pm2 with `wait_ready`: it shows a process as online when that says so. It asks nothing else, and hears nothing else.
 *
 * @returns undefined when pm2 didn't start us.
 */
export function pm2Home({ environment, log, send }: HomeOptions): Home | undefined {
  if (send === undefined || environment['pm_id'] === undefined) return undefined;
  return {
    ready() {
      send('ready', ({ message }) => log.warn(`pm2 could not be told that wasup is ready: ${message}`));
    },
    status: () => undefined,
    reloading: () => undefined,
    stopping: () => undefined,
    close: () => Promise.resolve(),
  };
}
