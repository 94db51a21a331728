import type { Alert } from '../shared/alerts.js';
import { describeError } from '../shared/errors.js';
import type { Assignment, RestoreRung, SupervisorMessage } from '../shared/protocol/messages.js';
import { AccountBrowser, type AccountBrowserOptions } from './account-browser.js';
import { AccountWorkerSlot, type AccountWorkerSlotOptions } from './account-worker.js';
import type { ProcessPorts } from './account-shell.js';
import { createAssignment } from './assignment.js';
import type { BotVersion } from './bot-version.js';
import { vacateProfile } from './browser/vacate-profile.js';
import { stuckAlert } from './machine-alerts.js';
import type { Effect, Machine } from './machine-types.js';
import { preparePage } from './prepare-page.js';
import type { LeaveGate, StartGate } from './start-gate.js';
import type { WorkerProcess } from './worker-process.js';

export interface AccountProcessesOptions extends AccountBrowserOptions, AccountWorkerSlotOptions {
  readonly number: string;
  /** Accounts whose browser has to be started wait here for their turn. */
  readonly gate: StartGate;
  /** How a device is to be linked now. */
  readonly linkMethod: () => Assignment['authMethod'];
  /** The worker has been told what to do. */
  readonly onAssigned: (effect: Extract<Effect, { type: 'assign' }>) => void;
}

/** The account's turn to start a browser, with the worker beside it. */
interface Turn {
  readonly abort: AbortController;
  /** Whether it has come: false when it was given up. */
  readonly come: Promise<boolean>;
  isWaiting: boolean;
  leave: LeaveGate | undefined;
}

/** An account's browser and worker: starts them when it is the account's turn, joins them, and ends them. */
export class AccountProcesses implements ProcessPorts {
  readonly #options: AccountProcessesOptions;
  readonly #browser: AccountBrowser;
  readonly #worker: AccountWorkerSlot;
  #turn: Turn | undefined;

  constructor(options: AccountProcessesOptions) {
    this.#options = options;
    this.#browser = new AccountBrowser(options);
    this.#worker = new AccountWorkerSlot(options);
  }

  get worker(): WorkerProcess | undefined {
    return this.#worker.process;
  }

  /** Which version of the bot the worker has loaded. */
  get bot(): BotVersion | undefined {
    return this.#worker.bot;
  }

  get workerPid(): number | undefined {
    return this.#worker.process?.pid;
  }

  get browserPid(): number | undefined {
    return this.#browser.process?.pid;
  }

  /** Other accounts are on their way up, and this one waits. */
  get isWaitingForTurn(): boolean {
    return this.#turn?.isWaiting === true;
  }

  send(message: SupervisorMessage): void {
    this.#worker.process?.send(message);
  }

  /** Everything at once, without politeness. Resolves when the browser and its helpers have gone, or can't be ended. */
  kill(): Promise<void> {
    this.leaveTurn();
    this.#worker.dropSuccessor();
    this.#worker.kill();
    return this.#browser.killEverything();
  }

  /**
   * Looks once more: also a browser that ended by itself may have left processes. @param raise told of those that can't
   * be ended.
   */
  async assertNobodyIsLeft(raise: (alert: Alert) => void): Promise<void> {
    await vacateProfile(this.#options.paths.profile).catch((error: unknown) => {
      raise(stuckAlert(describeError(error)));
    });
  }

  /**
   * What is just being started for an account that rests is not wanted any more; one that is up makes room for the
   * next.
   */
  onState({ state }: Machine): void {
    if (['stopping', 'stopped', 'failed', 'needs-link'].includes(state)) {
      this.leaveTurn();
      this.#browser.abandonStart();
    } else if (state !== 'starting' && state !== 'restoring' && !this.isWaitingForTurn) this.leaveTurn();
  }

  startBrowser(): void {
    this.leaveTurn();
    const turn = this.#takeTurn();
    this.#turn = turn;
    void this.#startBrowserIn(turn);
  }

  async #startBrowserIn(turn: Turn): Promise<void> {
    if (await turn.come) return this.#browser.start();
    const failure = { class: 'LOCAL', reason: 'The start was given up', userAction: null } as const;
    this.#options.onEvent({ type: 'browser-failed', failure });
  }

  stopBrowser(): void {
    this.#browser.stop();
  }

  killBrowser(): void {
    this.#browser.kill();
  }

  /** Beside the browser; a browser that runs already is no reason to wait. */
  startWorker(incarnation: number): void {
    const turn = this.#turn;
    if (turn?.isWaiting !== true) {
      this.#worker.start(incarnation);
      return;
    }
    void turn.come.then((hasCome) => {
      if (hasCome) this.#worker.start(incarnation);
      else this.#options.onExit({ code: 0, signal: null });
    });
  }

  startSuccessor(): void {
    this.#worker.startSuccessor();
  }

  promoteSuccessor(incarnation: number): void {
    this.#worker.promoteSuccessor(incarnation);
  }

  dropSuccessor(): void {
    this.#worker.dropSuccessor();
  }

  stopWorker(options: { readonly isOverMemory: boolean }): void {
    this.#worker.stop(options);
  }

  killWorker(): void {
    this.#worker.kill();
  }

  /** The account is up, or waits for something that costs the machine nothing: the next one may start. */
  leaveTurn(): void {
    this.#turn?.abort.abort();
    this.#turn?.leave?.();
    this.#turn = undefined;
  }

  /** Hands the browser's page over to the worker, and tells it what to do there. */
  assign(effect: Extract<Effect, { type: 'assign' }>, incarnation: number): void {
    void this.#assign(effect, incarnation);
  }

  unlinkDevice(): void {
    this.send({ type: 'unlink' });
  }

  async #assign(effect: Extract<Effect, { type: 'assign' }>, incarnation: number): Promise<void> {
    const { configuration, number, paths, log, linkMethod, onEvent, onAssigned } = this.#options;
    const browser = this.#browser.process;
    const worker = this.#worker.process;
    if (browser === undefined || worker === undefined) return;
    const idBase = browser.switchboard.nextIdBase();
    let rung: RestoreRung;
    try {
      await browser.switchboard.disconnect();
      const { pageHalf } = worker;
      const { switchboard } = browser;
      rung = await preparePage(effect.rung, { switchboard, profile: paths.profile, pageHalf, log });
      await browser.switchboard.connect(worker.line, { idBase });
    } catch (error) {
      if (this.#browser.process === browser && this.#worker.process === worker) {
        onEvent({ type: 'page-lost', reason: describeError(error) });
      }
      return;
    }
    const circumstances = {
      number,
      incarnation,
      sessionDirectory: paths.directory,
      browser: { pid: browser.pid, idBase },
      authMethod: linkMethod(),
    };
    const assigned = { ...effect, rung };
    worker.send(createAssignment(assigned, circumstances, configuration()));
    onAssigned(assigned);
  }

  #takeTurn(): Turn {
    const abort = new AbortController();
    const come = this.#options.gate.enter({ signal: abort.signal }).then((leave) => {
      turn.isWaiting = false;
      turn.leave = leave;
      // It was given up in the moment in which it came.
      if (abort.signal.aborted) leave?.();
      return leave !== undefined && !abort.signal.aborted;
    });
    const turn: Turn = { abort, come, isWaiting: true, leave: undefined };
    return turn;
  }
}
