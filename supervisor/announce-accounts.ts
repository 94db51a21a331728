import type { Home } from './home.js';
import type { Supervisor } from './supervisor.js';
import { summarizeAccounts } from './summarize-accounts.js';
import { whenSettled } from './when-settled.js';

/**
 * A start may take longer (a large sync), but a service manager that waits longer would end it: both of ours are told to wait three
 * minutes. After this time wasup is ready in the sense that nothing is left for the manager to do.
 */
const longestStartMs = 120_000;

/**
 * Tells the home of accounts that have been started: that they are up, when each start has come to its first end, and how they are
 * all the time.
 */
export function announceAccounts(supervisor: Supervisor, home: Home): { close(): void } {
  const summary = (): string =>
    summarizeAccounts(supervisor.accounts.map(({ number, machine }) => ({ number, state: machine.state })));
  const tell = (): void => home.status(summary());
  supervisor.events.on('account', tell).on('removed', tell);
  void whenSettled(supervisor.accounts, longestStartMs).then(() => home.ready(summary()));
  return {
    close() {
      supervisor.events.off('account', tell).off('removed', tell);
    },
  };
}
