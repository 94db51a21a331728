import { EventEmitter } from 'node:events';

import { describeAccountState } from '../../shared/account-state.js';
import { sessionPaths } from '../../shared/paths.js';
import { readSessionHistory } from '../../shared/session-history.js';
import type { Account } from '../account.js';
import type { Supervisor } from '../supervisor.js';
import type { AccountView, ControlledAccount, ControlledSupervisor, SupervisorEvents } from './controlled.js';

/** What the control API can know and ask of the accounts as they are; goes when these say it themselves. */
export function presentSupervisor({ accounts }: Supervisor, sessionsDirectory: string): ControlledSupervisor {
  const events = new EventEmitter<SupervisorEvents>();
  const controlled = accounts.map((account) => present(account, sessionsDirectory, events));
  const sentence = 'Accounts can not be added or removed while wasup runs.';
  const nothing = { added: [], removed: [], changed: [], needRestart: [] };
  return { accounts: controlled, events, reload: () => Promise.resolve({ accepted: false, sentence, ...nothing }) };
}

function present(
  account: Account,
  sessionsDirectory: string,
  events: EventEmitter<SupervisorEvents>,
): ControlledAccount {
  const { number } = account;
  const begin = new Date().toISOString();
  const view = (): AccountView => {
    const { state, failure, phase, transport, incarnation } = account.machine;
    const { linkCode } = account;
    return {
      number,
      state,
      isActive: state === 'listening',
      workerPid: account.workerPid ?? null,
      browserPid: account.browserPid ?? null,
      restoreMode: null,
      restoreDuration: null,
      restarts: Math.max(0, incarnation - 1),
      since: begin,
      reason: failure?.reason ?? null,
      userAction: failure?.userAction ?? null,
      lastMessageAt: null,
      sentence: describeAccountState(state),
      phase,
      transport,
      nextAttemptAt: null,
      breaker: 'closed',
      heartbeat: null,
      memoryBytes: null,
      linkCode:
        linkCode === undefined
          ? null
          : { method: linkCode.method, sequence: linkCode.sequence, expiresAt: linkCode.expiresAt.toISOString() },
    };
  };
  account.on('state', () => events.emit('account', view()));
  account.on('message', ({ type }) => {
    if (['qr', 'qr-expired', 'pairing-code'].includes(type)) events.emit('account', view());
  });
  account.on('alert', (alert) => events.emit('alert', { number, alert }));
  account.on('attempt', (attempt) => events.emit('attempt', { number, attempt }));
  return {
    number,
    view,
    get linkCode() {
      return account.linkCode;
    },
    history: async () => (await readSessionHistory(sessionPaths(sessionsDirectory, number).sessionHistory)).entries,
    requestLink: (method) => account.requestLink(method),
    requestRestart: () => {
      account.restartWorker();
      return { accepted: true, sentence: 'The worker is being restarted.', action: null };
    },
    requestUnlink: () =>
      Promise.resolve({ accepted: false, sentence: 'Not from here.', action: 'Unlink the device on the phone.' }),
  };
}
