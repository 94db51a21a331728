import { setTimeout as pass } from 'node:timers/promises';

import type { ManyAccounts } from './many-accounts.js';
import { backAgainTimeoutMs, type OneOfMany } from './one-of-many.js';
import type { Kill } from './plan-kills.js';
import { descendantsOf, readProcessTable, type TableEntry } from './process-table.js';
import { until } from './until.js';

/** Lets the time go by and kills, whoever is there then or comes next. */
export async function strike(many: ManyAccounts, account: OneOfMany, { kind, delayMs }: Kill): Promise<void> {
  await pass(delayMs);
  if (kind === 'supervisor-killed') return many.replaceSupervisor();
  await until(() => hit(account, kind), {
    timeoutMs: backAgainTimeoutMs,
    expectation: () => `somebody of ${account.number} to be there (${kind}).${many.supervisor.describe()}`,
  });
}

/** @returns undefined when there is nobody to hit. */
function hit(account: OneOfMany, kind: Exclude<Kill['kind'], 'supervisor-killed'>): true | undefined {
  const table = readProcessTable();
  const fresh = table.filter(({ pid, state }) => !account.isSpent(pid) && state !== 'Z');
  const worker = fresh.find((entry) => account.isWorker(entry));
  const browser = fresh.find((entry) => account.isBrowser(entry));
  switch (kind) {
    case 'worker-killed':
      return worker && signal(account, worker, worker.pid, 'SIGKILL');
    case 'worker-stopped':
      return worker && signal(account, worker, worker.pid, 'SIGSTOP');
    case 'browser-killed':
      return browser && signal(account, browser, browser.pid, 'SIGKILL');
    case 'browser-stopped':
      return browser && signal(account, browser, -browser.pid, 'SIGSTOP');
    case 'renderer-killed':
      return browser && killPages(browser, table);
  }
}

function signal(account: OneOfMany, hitEntry: TableEntry, target: number, name: NodeJS.Signals): true | undefined {
  try {
    process.kill(target, name);
  } catch {
    // It has gone meanwhile.
    return undefined;
  }
  account.spend(hitEntry.pid);
  return true;
}

/** The browser shows one page, and keeps another renderer ready. */
function killPages(browser: TableEntry, table: readonly TableEntry[]): true | undefined {
  const renderers = descendantsOf(browser.pid, table).filter(({ commandLine }) =>
    commandLine.includes('--type=renderer'),
  );
  let killed: true | undefined;
  for (const { pid } of renderers) {
    try {
      process.kill(pid, 'SIGKILL');
      killed = true;
    } catch {
      // It has gone meanwhile.
    }
  }
  return killed;
}
