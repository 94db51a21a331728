import { EventEmitter } from 'node:events';
import { mkdir } from 'node:fs/promises';

import type { Alert } from '../shared/alerts.js';
import type { LinkAnswer, LinkMethod } from '../shared/link-answer.js';
import type { Logger } from '../shared/logger.js';
import { type SessionPaths, sessionPaths } from '../shared/paths.js';
import type { AttemptMetrics, FailureClass, WorkerMessage } from '../shared/protocol/messages.js';
import type { AccountLock } from './account-lock.js';
import { AccountProcesses } from './account-processes.js';
import { AccountRecords } from './account-records.js';
import { AccountWatches } from './account-watches.js';
import { AttemptLog } from './attempt-log.js';
import { ChildRecords } from './child-records.js';
import { claimAccount } from './claim-account.js';
import { decideOperation } from './decide-operation.js';
import { heartbeatTimeoutMs, HeartbeatWatch } from './heartbeat-watch.js';
import { type LinkCode, LinkDesk } from './link-desk.js';
import { createMachine, type Effect, type Failure, type Machine, type MachineEvent, transition } from './machine.js';
import { quarantineProfile } from './quarantine.js';
import { requestLink } from './request-link.js';
import type { AccountBrowserOptions } from './start-account-browser.js';
import { browserFailure, tellAlert, tellFailure } from './tell-failure.js';

export interface AccountOptions extends AccountBrowserOptions {
  readonly number: string;
  readonly botModule: string;
  readonly log: Logger;
}

interface AccountEvents {
  message: [WorkerMessage];
  state: [Machine];
  alert: [Alert];
  attempt: [AttemptMetrics];
}

/** One account: its browser, its worker, and the machine that decides about them. Performs what the machine says. */
export class Account extends EventEmitter<AccountEvents> {
  readonly number: string;
  readonly #options: AccountOptions;
  readonly #paths: SessionPaths;
  readonly #log: Logger;
  readonly #records: AccountRecords;
  readonly #heartbeats = new HeartbeatWatch((afterMs) => this.#dispatch({ type: 'heartbeat-missed', afterMs }));
  readonly #watches: AccountWatches;
  readonly #attempts = new AttemptLog((attempt) => {
    this.#records.noteAttempt(attempt);
    this.emit('attempt', attempt);
  });
  readonly #linkDesk: LinkDesk;
  readonly #processes: AccountProcesses;
  readonly #children: ChildRecords;
  #lock: AccountLock | undefined;
  #machine: Machine = createMachine({ mode: 'restore', quarantine: false });
  #stopRequested = false;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(options: AccountOptions) {
    super();
    this.#options = options;
    this.number = options.number;
    this.#paths = sessionPaths(options.configuration.sessionsDirectory, options.number);
    this.#log = options.log.child({ account: `+${options.number}` });
    const raise = (alert: Alert): void => this.#raise(alert, null);
    this.#records = new AccountRecords({
      ...options,
      paths: this.#paths,
      log: this.#log,
      raise,
      processes: () => this.#processes,
    });
    this.#watches = new AccountWatches({ raise, isActive: () => this.#records.isActive() });
    this.#linkDesk = new LinkDesk(options.configuration.authMethod);
    this.#children = new ChildRecords({ paths: this.#paths, log: this.#log });
    this.#processes = new AccountProcesses({
      ...options,
      children: this.#children,
      paths: this.#paths,
      log: this.#log,
      onEvent: (event) => this.#dispatch(event),
      onMessage: (message, incarnation) => {
        if (message.type === 'hello') this.#dispatch({ type: 'worker-ready' });
        else if (message.incarnation === null || message.incarnation === incarnation) this.#hear(message);
        this.emit('message', message);
      },
      onWorkerExit: (exit) => this.#workerExited(exit),
      onHeldByAnother: () => this.#records.leaveToAnother(),
      onAssigned: (effect) => {
        this.#attempts.begin(effect, performance.now());
        this.#expectHeartbeat();
      },
    });
  }

  get machine(): Machine {
    return this.#machine;
  }

  get workerPid(): number | undefined {
    return this.#processes.workerPid;
  }

  get browserPid(): number | undefined {
    return this.#processes.browserPid;
  }

  /** Another supervisor runs this account. */
  get isHeldByAnother(): boolean {
    return this.#records.belongsToAnother;
  }

  /** @throws WasupError when the account's folder can't be made, read or written. Another process may have it: see `isHeldByAnother`. */
  async start(): Promise<void> {
    const claim = await claimAccount(this.#paths.directory, this.#log, (failure) => this.#leaveToAnother(failure));
    if ('refused' in claim) {
      this.#leaveToAnother(claim.refused);
      return;
    }
    this.#lock = claim.lock;
    await mkdir(this.#paths.profile, { recursive: true, mode: 0o700 });
    await this.#children.endOrphans();
    const { stored, tally, lastConnected } = await this.#records.readStoredState();
    // A stop that came while we read found nothing to stop.
    if (this.#stopRequested) return this.#lock.release();
    this.#machine = createMachine(decideOperation(stored), tally);
    this.#watches.begin(lastConnected);
    this.#dispatch({ type: 'start' });
  }

  #leaveToAnother(failure: Failure): void {
    this.#records.leaveToAnother();
    this.#dispatch({ type: 'refused', failure });
  }

  /** Resolves when worker and browser are gone. */
  async stop(): Promise<void> {
    this.#stopRequested = true;
    if (this.#machine.state === 'stopped') return;
    const stopped = new Promise<void>((resolve) => {
      this.on('state', ({ state }) => {
        if (state === 'stopped') resolve();
      });
    });
    this.#dispatch({ type: 'stop' });
    await stopped;
    this.#watches.close();
    await this.#records.settled();
    await this.#children.settled();
    await this.#lock?.release();
  }

  /** The second signal: no more politeness. */
  kill(): void {
    this.#processes.kill();
  }

  /** The code that a person can link the device with now, if any. */
  get linkCode(): LinkCode | undefined {
    return this.#linkDesk.codeAt(new Date());
  }

  /** A person wants to link the device, and is there to do it. */
  requestLink(method: LinkMethod): Promise<LinkAnswer> {
    const account = {
      number: this.number,
      machine: () => this.#machine,
      isHeldByAnother: this.isHeldByAnother,
      limitsPath: this.#paths.linkingLimits,
      start: () => this.#dispatch({ type: 'start' }),
      refresh: () => this.#processes.send({ type: 'refresh-link', method }),
    };
    return requestLink(account, this.#linkDesk, method);
  }

  /** Ends the worker's life so that the next one starts with the code as it is now. */
  restartWorker(): void {
    if (!this.isHeldByAnother) this.#dispatch({ type: 'reload' });
  }

  #dispatch(event: MachineEvent): void {
    const { configuration } = this.#options;
    const before = this.#machine;
    const now = { monotonicMs: performance.now(), wallMs: Date.now() };
    const { machine, effects } = transition(before, event, { limits: configuration, now, random: Math.random() });
    this.#machine = machine;
    if (machine.worker !== 'assigned') this.#heartbeats.disarm();
    const change = { event: event.type, from: before.state, to: machine.state };
    this.#log.debug(change, `${change.event}: ${change.from} -> ${change.to}`);
    if (machine.tally !== before.tally) this.#records.saveTally(machine.tally);
    if (machine.mode === 'link' && before.mode === 'restore') this.#linkDesk.settle();
    this.#records.onState(before, machine);
    this.#watches.onState(before, machine);
    for (const effect of effects) this.#perform(effect);
    this.emit('state', machine);
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'start-browser':
        void this.#processes.startBrowser();
        return;
      case 'stop-browser':
        void this.#processes.stopBrowser();
        return;
      case 'start-worker':
        this.#processes.startWorker(this.#machine.incarnation);
        return;
      case 'assign':
        void this.#processes.assign(effect, this.#machine.incarnation, this.#linkDesk.method);
        return;
      case 'stop-worker':
        this.#processes.stopWorker();
        return;
      case 'kill-worker':
        this.#processes.killWorker();
        return;
      case 'retry-in':
        clearTimeout(this.#retryTimer);
        this.#retryTimer = setTimeout(() => this.#dispatch({ type: 'retry' }), effect.delayMs);
        return;
      case 'cancel-retry':
        clearTimeout(this.#retryTimer);
        return;
      case 'record-inactive':
        this.#records.recordInactive(this.#machine, this.#processes.browserPid);
        return;
      case 'set-profile-aside':
        void this.#setProfileAside(effect.reason);
        return;
      case 'tell':
        tellFailure(this.#log, effect.failure, effect.next, effect.isNews);
        return;
      case 'alert':
        this.#raise(effect.alert, effect.class);
        return;
      case 'cannot-happen':
        this.#log.error(`"${effect.event}" arrived where it can't; ignored. Please report this.`);
        return;
    }
  }

  async #setProfileAside(reason: string): Promise<void> {
    try {
      const name = await quarantineProfile(this.#paths, reason, new Date());
      await mkdir(this.#paths.profile, { recursive: true, mode: 0o700 });
      if (name !== undefined) this.#records.note({ eventType: 'profile_quarantined', name, reason });
      this.#dispatch({ type: 'profile-moved', name: name ?? null });
    } catch (error) {
      this.#dispatch({ type: 'profile-not-moved', failure: { ...browserFailure(error), class: 'LOCAL' } });
    }
  }

  #workerExited(exit: { code: number | null; signal: string | null }): void {
    const wasPlanned = this.#machine.worker === 'stopping' && this.#machine.workerFailure === null;
    this.#dispatch({ type: 'worker-exited', ...exit });
    this.#attempts.end(wasPlanned ? null : this.#machine.failure, performance.now());
  }

  #raise(alert: Alert, failureClass: FailureClass | null): void {
    tellAlert(this.#log, alert, failureClass);
    this.#records.noteAlert(alert);
    this.emit('alert', alert);
  }

  #hear(message: Exclude<WorkerMessage, { type: 'hello' }>): void {
    this.#watches.onMessage(message);
    this.#linkDesk.hear(message, new Date());
    switch (message.type) {
      case 'listening':
        this.#linkDesk.settle();
        this.#dispatch({ type: 'listening' });
        this.#expectHeartbeat();
        return;
      case 'transport':
        this.#dispatch({ type: 'transport', state: message.state });
        return;
      case 'failure':
        this.#dispatch({
          type: 'worker-failure',
          failure: { class: message.class, reason: message.reason, userAction: message.userAction, reported: true },
        });
        return;
      case 'heartbeat':
        this.#expectHeartbeat();
        return;
      case 'phase':
        this.#attempts.enter(message.phase);
        this.#dispatch({ type: 'phase', phase: message.phase });
        return;
      case 'restore-metrics':
        this.#attempts.report(message.attempt);
        return;
      case 'alert':
        this.#records.hearWorker({ kind: message.kind, sentence: message.sentence, action: message.action });
        return;
      case 'qr':
      case 'qr-expired':
      case 'pairing-code':
        return;
    }
  }

  #expectHeartbeat(): void {
    const timeoutMs = heartbeatTimeoutMs(this.#machine, this.#options.configuration);
    if (timeoutMs !== undefined) this.#heartbeats.expectWithin(timeoutMs);
  }
}
