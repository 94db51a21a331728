import { EventEmitter } from 'node:events';

import type { LinkMethod } from '../../../shared/link-answer.js';
import type { SessionHistoryEntry } from '../../../shared/session-history.js';
import type {
  AccountView,
  ControlledAccount,
  ControlledSupervisor,
  ReloadAnswer,
  RequestAnswer,
  SupervisorEvents,
} from '../../../supervisor/control/controlled.js';
import type { LinkCode } from '../../../supervisor/link-desk.js';

export const number = '12025550100';

export const accepted: RequestAnswer = { accepted: true, sentence: 'It is being done.', action: null };
export const refused: RequestAnswer = {
  accepted: false,
  sentence: 'It is linked already.',
  action: 'Unlink it first.',
};

export const listeningView: AccountView = {
  number,
  state: 'listening',
  isActive: true,
  workerPid: 101,
  browserPid: 102,
  restoreMode: 'cold',
  restoreDuration: 734,
  restarts: 2,
  since: '2026-11-25T10:00:00.000Z',
  reason: null,
  userAction: null,
  lastMessageAt: '2026-11-25T10:00:30.000Z',
  sentence: 'Listening.',
  phase: 'listening',
  transport: 'CONNECTED',
  nextAttemptAt: null,
  breaker: 'closed',
  inbox: { waiting: 2, running: 1, dead: 3 },
  heartbeat: { at: '2026-11-25T10:00:58.000Z', lagMs: 12, rssBytes: 120_000_000, lastProbe: null },
  memoryBytes: 400_000_000,
  linkCode: null,
};

/** An account that does as it is told and remembers what it was asked. */
export class FakeAccount implements ControlledAccount {
  readonly asked: unknown[] = [];
  readonly number: string;
  answer: RequestAnswer = accepted;
  linkCode: LinkCode | undefined;
  entries: SessionHistoryEntry[] = [];
  #view: AccountView;

  constructor(view: Partial<AccountView> = {}) {
    this.#view = { ...listeningView, ...view };
    this.number = this.#view.number;
  }

  become(view: Partial<AccountView>): void {
    this.#view = { ...this.#view, ...view };
  }

  view(): AccountView {
    return this.#view;
  }

  history(): Promise<readonly SessionHistoryEntry[]> {
    return Promise.resolve(this.entries);
  }

  requestLink(method: LinkMethod): Promise<RequestAnswer> {
    this.asked.push(['link', method]);
    return Promise.resolve(this.answer);
  }

  requestRestart(options: { readonly freshBrowser: boolean }): RequestAnswer {
    this.asked.push(['restart', options]);
    return this.answer;
  }

  requestUnlink(): Promise<RequestAnswer> {
    this.asked.push(['unlink']);
    return Promise.resolve(this.answer);
  }
}

export class FakeSupervisor implements ControlledSupervisor {
  readonly events = new EventEmitter<SupervisorEvents>();
  readonly accounts: FakeAccount[];
  reloads = 0;
  reloadAnswer: ReloadAnswer = {
    accepted: true,
    sentence: 'One account was added.',
    added: ['491701234567'],
    removed: [],
    changed: [],
    needRestart: [],
  };

  constructor(...accounts: FakeAccount[]) {
    this.accounts = accounts;
  }

  reload(): Promise<ReloadAnswer> {
    this.reloads += 1;
    return Promise.resolve(this.reloadAnswer);
  }
}
