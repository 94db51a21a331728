import { EventEmitter } from 'node:events';
import { mkdir } from 'node:fs/promises';

import type { Alert } from '../shared/alerts.js';
import type { Configuration } from '../shared/configuration/compile-configuration.js';
import type { LinkMethod } from '../shared/link-answer.js';
import { noteDeathWhileReading } from '../shared/inbox/read-marker.js';
import type { Logger } from '../shared/logger.js';
import { roomAction } from '../shared/files/has-room.js';
import { type SessionPaths, sessionPaths } from '../shared/paths.js';
import type { FailureClass } from '../shared/protocol/messages.js';
import type { SessionHistoryEntry } from '../shared/session-history.js';
import type { AccountLock } from './account-lock.js';
import { AccountProcesses } from './account-processes.js';
import { AccountRecords } from './account-records.js';
import { AccountShell } from './account-shell.js';
import type { AccountEvents } from './account-events.js';
import { AlertFolds } from './alert-folds.js';
import type { AccountOptions } from './account-options.js';
import { AccountFacts } from './account-facts.js';
import { type MissingRoom, viewAccount } from './account-view.js';
import { AccountWatches } from './account-watches.js';
import { browserFailure, tellAlert, tellFailure } from './tell-failure.js';
import { isOutdated } from './bot-version.js';
import { bundledBot } from './bundled-bot.js';
import { ChildRecords } from './child-records.js';
import { checkFolder } from './check-folder.js';
import { claimAccount } from './claim-account.js';
import { realClock } from './real-clock.js';
import type { AccountView, ControlledAccount, RequestAnswer } from './control/controlled.js';
import { decideOperation } from './decide-operation.js';
import { type LinkCode, LinkDesk } from './link-desk.js';
import type { Failure, Machine, MachineEvent } from './machine.js';
import { orphansAlert } from './machine-alerts.js';
import type { RecycleRequest } from './memory/memory-watch.js';
import { type AccountMemoryWatch, watchMemory } from './memory/watch-memory.js';
import type { StandbyPool } from './standby-pool.js';
import { setProfileAside } from './set-profile-aside.js';
import { requestLink } from './request-link.js';
import { answerRestartRequest } from './request-restart.js';
import { requestUnlink } from './request-unlink.js';
import { WorkerEar } from './worker-ear.js';

/**
 * One account, put together: its machine and the shell that performs, its processes, its files, and who watches over
 * them.
 */
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
  readonly #ear: WorkerEar;
  readonly #facts = new AccountFacts(Date.now());
  readonly #memory: AccountMemoryWatch;
  readonly #standby: StandbyPool;
  readonly #alerts = new AlertFolds((alert: Alert, failureClass: FailureClass | null) =>
    this.#tellAlert(alert, failureClass),
  );
  #configuration: Configuration;
  #lock: AccountLock | undefined;
  #stopRequested = false;
  /** Why the browser isn't started; null when nothing keeps it from that. */
  #missingRoom: MissingRoom | null = null;

  constructor(options: AccountOptions) {
    super();
    this.setMaxListeners(0);
    this.number = options.number;
    this.#configuration = options.configuration;
    this.#standby = options.standby;
    this.#paths = sessionPaths(options.configuration.sessionsDirectory, options.number);
    this.#log = options.log.child({ account: `+${options.number}` });
    const { number } = options;
    const [log, paths] = [this.#log, this.#paths];
    const raise = (alert: Alert): void => this.#raise(alert, null);
    const configuration = (): Configuration => this.#configuration;
    const processes = (): AccountProcesses => this.#processes;
    this.#records = new AccountRecords({ number, paths, log, raise, processes, configuration: options.configuration });
    this.#children = new ChildRecords({ paths, log });
    this.#watches = new AccountWatches({ raise, isActive: () => this.#records.isActive() });
    this.#linkDesk = new LinkDesk(options.configuration.authMethod);
    this.#processes = new AccountProcesses({
      number,
      configuration,
      botModule: () => this.#botModule,
      standby: options.standby,
      executablePath: options.executablePath,
      surroundings: options.surroundings,
      gate: options.gate,
      paths,
      log,
      children: this.#children,
      onEvent: (event) => this.#dispatch(event),
      onMessage: (message, incarnation) => this.#ear.receive(message, incarnation),
      onExit: (exit) => {
        noteDeathWhileReading(paths.inbox, exit.signal);
        this.#ear.noteExit(exit);
      },
      onRoom: (isThere) => this.#hearOfRoom(isThere),
      onHeldByAnother: () => this.#records.leaveToAnother(),
      linkMethod: () => this.#linkDesk.method,
      onAssigned: (effect) => this.#ear.noteAssigned(effect),
    });
    this.#shell = this.#createShell();
    this.#ear = new WorkerEar({
      configuration,
      shell: this.#shell,
      processes: this.#processes,
      linkDesk: this.#linkDesk,
      watches: this.#watches,
      facts: this.#facts,
      onAlert: (alert) => this.#records.hearWorker(alert),
      onAttempt: (attempt) => {
        this.#records.noteAttempt(attempt);
        this.emit('attempt', attempt);
      },
      onCode: () => this.emit('code'),
      onLateMessage: (what) => this.emit('anomaly', { kind: 'late-message', what }),
      onMessage: (message) => this.emit('message', message),
    });
    this.#memory = watchMemory({
      configuration,
      processes: this.#processes,
      machine: () => this.machine,
      view: () => this.view(),
      recycle: (request) => this.#recycle(request),
      log,
    });
  }

  get #botModule(): string {
    return this.#configuration.botModule ?? bundledBot();
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
      missingRoom: this.#missingRoom,
    });
  }

  history(): Promise<readonly SessionHistoryEntry[]> {
    return this.#records.history();
  }

  /**
   * @throws WasupError when the account's folder can't be made, read or written. Another process may have it: see
   * `isHeldByAnother`.
   */
  async start(): Promise<void> {
    await checkFolder(this.#paths.directory, this.#log);
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

  /** It could not be started: it waits for a person, whose request for a restart starts it from the beginning. */
  giveUp(error: unknown): void {
    this.#dispatch({ type: 'refused', failure: browserFailure(error) });
  }

  /** Something that concerns this account as well as others. */
  hear(alert: Alert): void {
    if (!this.isHeldByAnother) this.#raise(alert, 'LOCAL');
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
    if (!this.isHeldByAnother) await this.#processes.assertNobodyIsLeft((alert) => this.#raise(alert, 'LOCAL'));
    this.#alerts.close();
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

  /** Whether the bot's file has changed since the worker loaded it. */
  get hasOutdatedBot(): boolean {
    const { bot } = this.#processes;
    return bot !== undefined && isOutdated(bot, this.#botModule);
  }

  /**
   * Replaces the worker by one with the code as it is now: one that listens does so until the next one is ready. With a
   * fresh browser both are ended in order.
   */
  requestRestart({ freshBrowser }: { freshBrowser: boolean }): RequestAnswer {
    const answer = answerRestartRequest(this.machine, this.isHeldByAnother);
    if (!answer.accepted) return answer;
    // It may have loaded what is no longer there.
    this.#standby.retire();
    // Without its lock it has never got so far as to have processes.
    if (this.#lock === undefined) void this.start().catch((error: unknown) => this.giveUp(error));
    else this.#dispatch({ type: 'restart', freshBrowser });
    return answer;
  }

  requestUnlink(): Promise<RequestAnswer> {
    return requestUnlink({
      number: this.number,
      shell: this.#shell,
      onChange: (listener) => {
        this.on('state', listener);
        return () => this.off('state', listener);
      },
    });
  }

  #createShell(): AccountShell {
    return new AccountShell({
      clock: realClock,
      limits: () => this.#configuration,
      processes: this.#processes,
      setProfileAside: (reason) => {
        void setProfileAside(this.#paths, reason, this.#records).then((event) => this.#dispatch(event));
      },
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

  #hearOfRoom(isThere: boolean): void {
    const { profile } = this.#paths;
    this.#missingRoom = isThere
      ? null
      : { reason: `The disk of ${profile} has no room for a browser`, userAction: roomAction(profile) };
    if (this.#missingRoom !== null) {
      const { reason, userAction } = this.#missingRoom;
      this.#raise(
        { kind: 'disk-low', sentence: `${reason}; it is started when there is some.`, action: userAction },
        'LOCAL',
      );
    }
    this.#records.recordWaiting(this.#missingRoom ?? this.machine.failure);
    this.emit('state', this.machine);
  }

  #dispatch(event: MachineEvent): void {
    this.#shell.dispatch(event);
  }

  /** While the session isn't up, nothing is replaced as planned. */
  #recycle({ because, reason, freshBrowser }: RecycleRequest): boolean {
    const before = this.machine;
    this.#dispatch({ type: 'recycle', reason, freshBrowser, isOverMemory: because === 'hard-limit' });
    return this.machine !== before;
  }

  #onTransition({ type }: MachineEvent, before: Machine, after: Machine): void {
    this.#ear.onTransition(after);
    const change = { event: type, from: before.state, to: after.state };
    this.#log.debug(change, `${change.event}: ${change.from} -> ${change.to}`);
    this.#facts.onTransition(before, after, Date.now());
    if (after.mode === 'link' && before.mode === 'restore') this.#linkDesk.settle();
    this.#records.onState(before, after);
    this.#watches.onState(before, after);
    if (after.state === 'listening' && before.state !== 'listening') {
      this.#standby.refill(this.#botModule, this.#configuration.log);
    }
  }

  #onSettled(machine: Machine): void {
    this.#processes.onState(machine);
    this.emit('state', machine);
  }

  #leaveToAnother(failure: Failure): void {
    this.#records.leaveToAnother();
    this.#dispatch({ type: 'refused', failure });
  }

  #raise(alert: Alert, failureClass: FailureClass | null): void {
    this.#alerts.raise(alert, failureClass);
  }

  #tellAlert(alert: Alert, failureClass: FailureClass | null): void {
    tellAlert(this.#log, alert, failureClass);
    this.#records.noteAlert(alert);
    this.emit('alert', alert);
  }
}
