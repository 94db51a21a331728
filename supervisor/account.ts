import { EventEmitter } from 'node:events';
import { mkdir } from 'node:fs/promises';

import type { Alert } from '../shared/alerts.js';
import type { Configuration } from '../shared/configuration/compile-configuration.js';
import { describeError } from '../shared/errors.js';
import type { LinkMethod } from '../shared/link-answer.js';
import type { Logger } from '../shared/logger.js';
import { type SessionPaths, sessionPaths } from '../shared/paths.js';
import type { AttemptMetrics, FailureClass, WorkerMessage } from '../shared/protocol/messages.js';
import type { SessionHistoryEntry } from '../shared/session-history.js';
import type { AccountLock } from './account-lock.js';
import { AccountProcesses } from './account-processes.js';
import { AccountRecords } from './account-records.js';
import { AccountShell } from './account-shell.js';
import { AccountFacts } from './account-facts.js';
import { viewAccount } from './account-view.js';
import { AccountWatches } from './account-watches.js';
import { AttemptLog } from './attempt-log.js';
import { browserFailure, tellAlert, tellFailure } from './tell-failure.js';
import type { LaunchSurroundings } from './browser/launch-surroundings.js';
import { processStateNow } from './browser/process-stat.js';
import { vacateProfile } from './browser/vacate-profile.js';
import { bundledBot } from './bundled-bot.js';
import { ChildRecords } from './child-records.js';
import { claimAccount } from './claim-account.js';
import { realClock } from './real-clock.js';
import type { AccountView, ControlledAccount, RequestAnswer } from './control/controlled.js';
import { decideOperation } from './decide-operation.js';
import { describeSilence } from './describe-silence.js';
import { heartbeatTimeoutMs, HeartbeatWatch } from './heartbeat-watch.js';
import { type LinkCode, LinkDesk } from './link-desk.js';
import type { Failure, Machine, MachineEvent } from './machine.js';
import { orphansAlert, stuckAlert } from './machine-alerts.js';
import type { MemoryWatch } from './memory/memory-watch.js';
import { watchMemory } from './memory/watch-memory.js';
import { quarantineProfile } from './quarantine.js';
import { requestLink } from './request-link.js';
import { answerRestartRequest } from './request-restart.js';
import { requestUnlink } from './request-unlink.js';
import type { StartGate } from './start-gate.js';

export interface AccountOptions {
  readonly number: string;
  /** The account's own, filled form. */
  readonly configuration: Configuration;
  readonly executablePath: string;
  readonly surroundings: LaunchSurroundings;
  readonly gate: StartGate;
  readonly log: Logger;
}

interface AccountEvents {
  message: [WorkerMessage];
  state: [Machine];
  alert: [Alert];
  failure: [Failure];
  attempt: [AttemptMetrics];
  /** There is another code to link the device with, or none any more. */
  code: [];
  anomaly: [{ kind: 'cannot-happen' | 'late-message'; what: string }];
}

/** One account, put together: its machine and the shell that performs, its processes, its files, and who watches over them. */
export class Account extends EventEmitter<AccountEvents> implements ControlledAccount {
  readonly number: string;
  readonly #paths: SessionPaths;
  readonly #log: Logger;
  readonly #records: AccountRecords;
  readonly #children: ChildRecords;
  readonly #watches: AccountWatches;
  readonly #linkDesk: LinkDesk;
  readonly #processes: AccountProcesses;
  readonly #shell: AccountShell;
  readonly #heartbeats = new HeartbeatWatch((afterMs) => this.#missHeartbeat(afterMs));
  readonly #attempts = new AttemptLog((attempt) => {
    this.#records.noteAttempt(attempt);
    this.emit('attempt', attempt);
  });
  readonly #facts = new AccountFacts(Date.now());
  readonly #memory: MemoryWatch;
  #configuration: Configuration;
  #lock: AccountLock | undefined;
  #stopRequested = false;

  constructor(options: AccountOptions) {
    super();
    this.setMaxListeners(0);
    this.number = options.number;
    this.#configuration = options.configuration;
    this.#paths = sessionPaths(options.configuration.sessionsDirectory, options.number);
    this.#log = options.log.child({ account: `+${options.number}` });
    const raise = (alert: Alert): void => this.#raise(alert, null);
    const configuration = (): Configuration => this.#configuration;
    const log = this.#log;
    const paths = this.#paths;
    this.#records = new AccountRecords({
      number: this.number,
      paths,
      log,
      raise,
      configuration: options.configuration,
      processes: () => this.#processes,
    });
    this.#children = new ChildRecords({ paths, log });
    this.#watches = new AccountWatches({ raise, isActive: () => this.#records.isActive() });
    this.#linkDesk = new LinkDesk(options.configuration.authMethod);
    this.#processes = new AccountProcesses({
      number: this.number,
      configuration,
      botModule: () => this.#configuration.botModule ?? bundledBot(),
      executablePath: options.executablePath,
      surroundings: options.surroundings,
      gate: options.gate,
      paths,
      log,
      children: this.#children,
      onEvent: (event) => this.#dispatch(event),
      onMessage: (message, incarnation) => this.#receive(message, incarnation),
      onExit: (exit) => this.#workerExited(exit),
      onHeldByAnother: () => this.#records.leaveToAnother(),
      onAssigned: (effect) => {
        this.#attempts.begin(effect, performance.now());
        this.#expectHeartbeat();
      },
    });
    this.#shell = this.#createShell();
    this.#memory = watchMemory({
      configuration,
      processes: this.#processes,
      view: () => this.view(),
      recycle: (reason) => this.#recycle(reason),
      log,
    });
  }

  get machine(): Machine {
    return this.#shell.machine;
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

  /** The code that a person can link the device with now, if any. */
  get linkCode(): LinkCode | undefined {
    return this.#linkDesk.codeAt(new Date());
  }

  view(): AccountView {
    return viewAccount(this.machine, this.#facts, {
      number: this.number,
      workerPid: this.workerPid,
      browserPid: this.browserPid,
      retryAtMs: this.#shell.retryAtMs,
      memoryBytes: this.#memory.bytes,
      linkCode: this.linkCode,
      isWaitingForTurn: this.#processes.isWaitingForTurn,
    });
  }

  history(): Promise<readonly SessionHistoryEntry[]> {
    return this.#records.history();
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
    const { stuck } = await this.#children.endOrphans();
    if (stuck.length > 0) this.#raise(orphansAlert(stuck), 'LOCAL');
    const { stored, tally, lastConnected } = await this.#records.readStoredState();
    // A stop that came while we read found nothing to stop.
    if (this.#stopRequested) return this.#lock.release();
    this.#shell.prepare(decideOperation(stored), tally);
    this.#watches.begin(lastConnected);
    this.#memory.begin();
    this.#dispatch({ type: 'start' });
  }

  /** Resolves when worker and browser are gone, or are said to be stuck. */
  async stop(): Promise<void> {
    this.#stopRequested = true;
    if (this.machine.state === 'stopped') return;
    const stopped = new Promise<void>((resolve) => {
      this.on('state', ({ state }) => {
        if (state === 'stopped') resolve();
      });
    });
    this.#dispatch({ type: 'stop' });
    await stopped;
    this.#watches.close();
    this.#memory.close();
    await this.#assertNobodyIsLeft();
    await this.#records.settled();
    await this.#children.settled();
    await this.#lock?.release();
  }

  /** The second signal: no more politeness. */
  kill(): Promise<void> {
    return this.#processes.kill();
  }

  /** A reload of the configuration. What browser and worker were told holds until they are replaced. */
  reconfigure(configuration: Configuration): void {
    this.#configuration = configuration;
  }

  requestLink(method: LinkMethod): Promise<RequestAnswer> {
    const account = {
      number: this.number,
      machine: () => this.machine,
      isHeldByAnother: this.isHeldByAnother,
      limitsPath: this.#paths.linkingLimits,
      start: () => this.#dispatch({ type: 'start' }),
      refresh: () => this.#processes.send({ type: 'refresh-link', method }),
    };
    return requestLink(account, this.#linkDesk, method);
  }

  /** Ends worker (and browser, if asked) in order; those that follow run the code as it is now. */
  requestRestart({ freshBrowser }: { freshBrowser: boolean }): RequestAnswer {
    const answer = answerRestartRequest(this.machine, this.isHeldByAnother);
    if (answer.accepted) this.#dispatch({ type: 'restart', freshBrowser });
    return answer;
  }

  requestUnlink(): Promise<RequestAnswer> {
    return requestUnlink({
      number: this.number,
      machine: () => this.machine,
      unlink: () => this.#dispatch({ type: 'unlink' }),
      expire: () => this.#dispatch({ type: 'unlink-expired' }),
      onChange: (listener) => {
        this.on('state', listener);
        return () => this.off('state', listener);
      },
    });
  }

  #createShell(): AccountShell {
    const processes = this.#processes;
    return new AccountShell({
      clock: realClock,
      limits: () => this.#configuration,
      startBrowser: () => void processes.startBrowser(),
      stopBrowser: () => processes.stopBrowser(),
      killBrowser: () => processes.killBrowser(),
      startWorker: (incarnation) => void processes.startWorker(incarnation),
      stopWorker: () => processes.stopWorker(),
      killWorker: () => processes.killWorker(),
      assign: (effect, incarnation) => void processes.assign(effect, incarnation, this.#linkDesk.method),
      unlinkDevice: () => processes.send({ type: 'unlink' }),
      setProfileAside: (reason) => void this.#setProfileAside(reason),
      recordInactive: (machine) => this.#records.recordInactive(machine, this.browserPid),
      saveTally: (tally) => this.#records.saveTally(tally),
      tell: (failure, next, isNews) => {
        tellFailure(this.#log, failure, next, isNews);
        this.emit('failure', failure);
      },
      raise: (alert, failureClass) => this.#raise(alert, failureClass),
      cannotHappen: (event) => {
        this.#log.error(`"${event}" arrived where it can't; ignored. Please report this.`);
        this.emit('anomaly', { kind: 'cannot-happen', what: event });
      },
      onTransition: (event, before, after) => this.#onTransition(event, before, after),
      onSettled: (machine) => this.#onSettled(machine),
    });
  }

  #dispatch(event: MachineEvent): void {
    this.#shell.dispatch(event);
  }

  /** While the session isn't up, nothing is replaced as planned. */
  #recycle(reason: string): boolean {
    const before = this.machine;
    this.#dispatch({ type: 'recycle', reason });
    return this.machine !== before;
  }

  #onTransition({ type }: MachineEvent, before: Machine, after: Machine): void {
    if (after.worker !== 'assigned') this.#heartbeats.disarm();
    const change = { event: type, from: before.state, to: after.state };
    this.#log.debug(change, `${change.event}: ${change.from} -> ${change.to}`);
    this.#facts.onTransition(before, after, Date.now());
    if (after.mode === 'link' && before.mode === 'restore') this.#linkDesk.settle();
    this.#records.onState(before, after);
    this.#watches.onState(before, after);
  }

  #onSettled(machine: Machine): void {
    const isOver = ['stopping', 'stopped', 'failed', 'needs-link'].includes(machine.state);
    const isOnItsWay = machine.state === 'starting' || machine.state === 'restoring';
    if (isOver) this.#processes.abandonStart();
    else if (!isOnItsWay && !this.#processes.isWaitingForTurn) this.#processes.leaveTurn();
    this.emit('state', machine);
  }

  #leaveToAnother(failure: Failure): void {
    this.#records.leaveToAnother();
    this.#dispatch({ type: 'refused', failure });
  }

  /** Also of a browser that left by itself just then, and was not swept after. */
  async #assertNobodyIsLeft(): Promise<void> {
    if (this.isHeldByAnother) return;
    await vacateProfile(this.#paths.profile).catch((error: unknown) => {
      this.#raise(stuckAlert(describeError(error)), 'LOCAL');
    });
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
    const wasPlanned = this.machine.worker === 'stopping' && this.machine.workerFailure === null;
    this.#dispatch({ type: 'worker-exited', ...exit });
    this.#attempts.end(wasPlanned ? null : this.machine.failure, performance.now());
  }

  #raise(alert: Alert, failureClass: FailureClass | null): void {
    tellAlert(this.#log, alert, failureClass);
    this.#records.noteAlert(alert);
    this.emit('alert', alert);
  }

  #receive(message: WorkerMessage, incarnation: number): void {
    if (message.type === 'hello') this.#dispatch({ type: 'worker-ready' });
    else if (message.incarnation === null || message.incarnation === incarnation) this.#hear(message);
    else this.emit('anomaly', { kind: 'late-message', what: message.type });
    this.emit('message', message);
  }

  #hear(message: Exclude<WorkerMessage, { type: 'hello' }>): void {
    this.#watches.onMessage(message);
    this.#linkDesk.hear(message, new Date());
    this.#facts.hear(message, Date.now());
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
        this.#shell.hearLife();
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
        this.emit('code');
        return;
    }
  }

  #expectHeartbeat(): void {
    const timeoutMs = heartbeatTimeoutMs(this.machine, this.#configuration);
    if (timeoutMs !== undefined) this.#heartbeats.expectWithin(timeoutMs);
  }

  #missHeartbeat(afterMs: number): void {
    const worker = this.#processes.worker;
    const processState = worker === undefined ? undefined : processStateNow(worker.pid);
    const botModule = this.#configuration.botModule ?? bundledBot();
    const detail = describeSilence({ processState, hang: worker?.hang, botModule });
    this.#dispatch({ type: 'heartbeat-missed', afterMs, detail });
  }
}
