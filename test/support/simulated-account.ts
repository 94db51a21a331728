import { type FailureClass, failureClasses } from '../../shared/protocol/messages.js';
import { AccountShell, type Clock } from '../../supervisor/account-shell.js';
import { decideOperation } from '../../supervisor/decide-operation.js';
import type { MachineEvent, MachineLimits } from '../../supervisor/machine.js';
import { emptyTally, readmit, type Tally } from '../../supervisor/restart-tally.js';
import { divideStopTime, longestBrowserStopMs } from '../../supervisor/stop-budget.js';
import type { SimulatedTime } from './simulated-time.js';

interface SimulatedProcess {
  isAlive: boolean;
  /** It hears nothing, and only SIGKILL ends it. */
  isHung: boolean;
}

interface SimulatedWorker extends SimulatedProcess {
  incarnation: number;
  isAssigned: boolean;
  isListening: boolean;
  heartbeatTimer: unknown;
}

interface SimulatedBrowser extends SimulatedProcess {
  hasAnswered: boolean;
}

export interface SimulationOptions {
  readonly time: SimulatedTime;
  readonly random: () => number;
  readonly limits: MachineLimits;
  readonly stopTimeoutMs: number;
}

const unwritable = { kind: 'storage', reason: "The page's storage can't be written", userAction: null } as const;
const heartbeatTimeoutMs = 10_000;
const browserHungMs = 13_000;
/** Chromium leaves when its pipe closes, the worker when its guard has seen that its parent is gone. */
const browserOutlivesMs = 150;
const workerOutlivesMs = 900;

/**
 * An account of the real shell and machine, with processes, files and a WhatsApp that are played: they answer late, or not,
 * crash, hang, and refuse as chance has it. `complaints` says which rules of the house were broken.
 */
export class SimulatedAccount {
  readonly complaints: string[] = [];
  /** While true, nothing new goes wrong. */
  isCalm = false;
  readonly #options: SimulationOptions;
  #shell: AccountShell;
  #successor: SimulatedWorker | undefined;
  #workers: SimulatedWorker[] = [];
  #browsers: SimulatedBrowser[] = [];
  /** On disk. */
  #tally: Tally = emptyTally();
  #deviceLinked = true;
  #hasProfile = true;
  #isMoving = false;
  #stuckIsTold = false;
  #life = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#shell = this.#createShell();
  }

  get state(): string {
    return this.#shell.machine.state;
  }

  get isStopped(): boolean {
    return this.state === 'stopped';
  }

  get living(): number {
    const successors = this.#successor === undefined ? [] : [this.#successor];
    return [...this.#workers, ...this.#browsers, ...successors].filter(({ isAlive }) => isAlive).length;
  }

  get stuckIsTold(): boolean {
    return this.#stuckIsTold;
  }

  start(): void {
    const unpaired = this.#tally.unpaired !== null;
    const stored = { hasProfile: this.#hasProfile, deviceLinked: this.#deviceLinked, unpaired };
    this.#shell.prepare(decideOperation(stored), readmit(this.#tally, this.#options.time.nowMs));
    this.#say({ type: 'start' });
  }

  say(event: MachineEvent): void {
    this.#say(event);
  }

  /** `kill -9` of the supervisor: its timers and its ears are gone, what it started ends by itself. */
  killSupervisor(): void {
    const { time } = this.#options;
    this.#life += 1;
    for (const browser of this.#browsers) time.in(browserOutlivesMs, () => (browser.isAlive = false));
    for (const worker of this.#workers) time.in(workerOutlivesMs, () => (worker.isAlive = false));
    const successor = this.#successor;
    this.#successor = undefined;
    if (successor !== undefined) {
      this.#workers.push(successor);
      time.in(workerOutlivesMs, () => (successor.isAlive = false));
    }
    this.#isMoving = false;
    this.#shell = this.#createShell();
  }

  /** What an earlier supervisor has left is gone: the next one waits for that before it starts anything. */
  get isClear(): boolean {
    return this.living === 0;
  }

  /** Something dies or hangs that lives. */
  strike(): void {
    const chance = this.#options.random();
    const worker = this.#workers.find(({ isAlive }) => isAlive);
    const browser = this.#browsers.find(({ isAlive, hasAnswered }) => isAlive && hasAnswered);
    if (chance < 0.3 && worker !== undefined) this.#endWorker(worker, null, 'SIGKILL');
    else if (chance < 0.5 && worker !== undefined) this.#failWorker(worker, this.#pick(failureClasses));
    else if (chance < 0.6 && worker !== undefined) this.#hangWorker(worker);
    else if (chance < 0.8 && browser !== undefined) this.#endBrowser(browser);
    else if (chance < 0.9 && browser !== undefined) this.#hangBrowser(browser);
    else if (worker?.isListening === true)
      this.#say({ type: 'health', connection: 'CONNECTED', impairment: chance < 0.95 ? unwritable : null });
  }

  #createShell(): AccountShell {
    const { time, random, limits } = this.#options;
    const life = this.#life;
    /** A dead supervisor's timers never fire. */
    const clock: Clock = {
      monotonicMs: () => time.nowMs,
      wallMs: () => time.nowMs,
      random,
      setTimer: (callback, delayMs) => time.in(delayMs, () => life === this.#life && callback()),
      clearTimer: (timer) => time.cancel(timer),
    };
    return new AccountShell({
      clock,
      limits: () => limits,
      processes: {
        startBrowser: () => this.#startBrowser(),
        stopBrowser: () => this.#stopBrowser(),
        killBrowser: () => this.#killBrowser(),
        startWorker: (incarnation) => this.#startWorker(incarnation),
        startSuccessor: () => this.#startSuccessor(),
        promoteSuccessor: (incarnation) => this.#promoteSuccessor(incarnation),
        dropSuccessor: () => this.#dropSuccessor(),
        stopWorker: () => this.#stopWorker(),
        killWorker: () => this.#killWorker(),
        assign: (effect, incarnation) => this.#assign(effect.mode === 'restore', incarnation),
        unlinkDevice: () => this.#later(100, 3_000, () => this.#unlinkDevice()),
      },
      setProfileAside: () => this.#setProfileAside(),
      recordInactive: () => undefined,
      saveTally: (tally) => (this.#tally = tally),
      tell: () => undefined,
      raise: ({ kind }) => (this.#stuckIsTold ||= kind === 'process-stuck'),
      cannotHappen: (event) => this.#complain(`"${event}" was called impossible, and happened`),
      onTransition: () => undefined,
      onSettled: ({ state }) => {
        if (state === 'starting' || state === 'restoring') this.#stuckIsTold = false;
      },
    });
  }

  #say(event: MachineEvent): void {
    this.#shell.dispatch(event);
  }

  #startBrowser(): void {
    this.#checkMayStart('a browser');
    if (this.#browsers.some(({ isAlive }) => isAlive)) this.#complain('a second browser was started on the profile');
    if (this.#isMoving) this.#complain('a browser was started on a login that is being moved');
    const browser: SimulatedBrowser = { isAlive: true, isHung: false, hasAnswered: false };
    this.#browsers.push(browser);
    this.#later(50, 2_000, () => {
      if (!this.#goesWell(0.15)) {
        browser.isAlive = false;
        const failureClass = this.#goesWell(0.05) ? 'LOCAL' : 'CONFIGURATION';
        this.#say({ type: 'browser-failed', failure: { class: failureClass, reason: 'no', userAction: null } });
        return;
      }
      browser.hasAnswered = true;
      this.#say({ type: 'browser-ready' });
    });
  }

  #stopBrowser(): void {
    const browser = this.#browsers.find(({ isAlive }) => isAlive);
    if (browser?.hasAnswered !== true) {
      this.#complain('a browser was told to stop that is not there');
      return;
    }
    const longestMs = longestBrowserStopMs(divideStopTime(this.#options.stopTimeoutMs).browserMs);
    if (!this.#goesWell(0.02)) this.#stickBrowser(browser, longestMs);
    else this.#later(50, browser.isHung ? longestMs : 1_000, () => this.#endBrowser(browser));
  }

  #killBrowser(): void {
    const browser = this.#browsers.find(({ isAlive }) => isAlive);
    if (browser === undefined) {
      this.#complain('nobody was killed');
      return;
    }
    this.#later(1, 500, () => this.#endBrowser(browser));
  }

  /** It survives SIGKILL for some minutes. */
  #stickBrowser(browser: SimulatedBrowser, afterMs: number): void {
    this.#later(afterMs, afterMs, () => {
      if (browser.isAlive) this.#say({ type: 'browser-stuck', reason: 'It can’t be ended' });
    });
    this.#later(afterMs + 1, 300_000, () => this.#endBrowser(browser));
  }

  #endBrowser(browser: SimulatedBrowser): void {
    if (!browser.isAlive) return;
    browser.isAlive = false;
    this.#say({ type: 'browser-exited', reason: 'The browser is gone' });
    const worker = this.#workers.find(({ isAlive, isAssigned }) => isAlive && isAssigned);
    if (worker !== undefined && !worker.isHung) this.#later(1, 200, () => this.#failWorker(worker, 'LOCAL'));
  }

  #hangBrowser(browser: SimulatedBrowser): void {
    browser.isHung = true;
    this.#later(browserHungMs, browserHungMs, () => {
      if (browser.isAlive) this.#say({ type: 'browser-hung', afterMs: 8_000 });
    });
  }

  #startWorker(incarnation: number): void {
    this.#checkMayStart('a worker');
    if (this.#workers.some(({ isAlive }) => isAlive)) this.#complain('a second worker was started');
    const worker = createWorker(incarnation);
    this.#workers.push(worker);
    this.#loadIn(worker);
  }

  #loadIn(worker: SimulatedWorker): void {
    this.#later(100, 3_000, () => {
      if (!worker.isAlive || worker.isHung) return;
      const goesWell = this.#goesWell(0.15);
      if (worker === this.#successor) {
        if (goesWell) this.#say({ type: 'successor-ready' });
        else this.#endSuccessor(this.#goesWell(0.5) ? 'It throws' : 'listen EADDRINUSE');
      } else if (goesWell) this.#say({ type: 'worker-ready' });
      else this.#endWorker(worker, this.#pick([1, 13, 70, 78]), null);
    });
  }

  #startSuccessor(): void {
    this.#checkMayStart('a successor');
    if (!this.#workers.some(({ isAlive, isListening }) => isAlive && isListening)) {
      this.#complain('a successor was started, and nobody listens');
    }
    if (this.#successor !== undefined) this.#successor.isAlive = false;
    this.#successor = createWorker(0);
    this.#loadIn(this.#successor);
  }

  #promoteSuccessor(incarnation: number): void {
    const successor = this.#successor;
    this.#successor = undefined;
    if (successor === undefined) {
      this.#complain('nobody was promoted');
      return;
    }
    if (this.#workers.some(({ isAlive }) => isAlive)) this.#complain('a second worker was promoted');
    successor.incarnation = incarnation;
    this.#workers.push(successor);
  }

  #dropSuccessor(): void {
    if (this.#successor === undefined) this.#complain('nobody was dropped');
    else this.#successor.isAlive = false;
    this.#successor = undefined;
  }

  #endSuccessor(reason: string): void {
    this.#dropSuccessor();
    this.#say({ type: 'successor-failed', failure: { class: 'BUG', reason, userAction: null } });
  }

  #assign(isRestore: boolean, incarnation: number): void {
    const worker = this.#workers.find(({ isAlive }) => isAlive);
    const browser = this.#browsers.find(({ isAlive }) => isAlive);
    if (worker === undefined || browser?.hasAnswered !== true) {
      this.#complain('nobody was assigned');
      return;
    }
    if (worker.incarnation !== incarnation) this.#complain('a worker of another incarnation was assigned');
    if (worker.isAssigned) this.#complain('a worker was assigned twice');
    worker.isAssigned = true;
    if (!this.#goesWell(0.03)) {
      worker.isAssigned = false;
      this.#later(1, 3_000, () => {
        if (worker.isAlive && browser.isAlive) this.#say({ type: 'page-lost', reason: 'no page' });
      });
      return;
    }
    this.#later(200, 15_000, () => {
      if (!worker.isAlive || worker.isHung) return;
      if (!browser.isAlive) return;
      if (isRestore && !this.#deviceLinked) {
        this.#failWorker(worker, 'AUTH');
        return;
      }
      if (!this.#goesWell(0.3)) {
        this.#failWorker(worker, this.#pick(failureClasses));
        return;
      }
      this.#deviceLinked = true;
      this.#hasProfile = true;
      worker.isListening = true;
      this.#say({ type: 'listening' });
      this.#beat(worker);
    });
  }

  #beat(worker: SimulatedWorker): void {
    this.#later(2_000, 2_000, () => {
      if (!worker.isAlive || worker.isHung || !worker.isListening) return;
      this.#shell.hearLife();
      // Later ones prove no more.
      if (this.#tally.breaker.failures.length > 0 || this.#tally.breaker.state !== 'closed') this.#beat(worker);
    });
  }

  #stopWorker(): void {
    const worker = this.#workers.find(({ isAlive }) => isAlive);
    if (worker === undefined) {
      this.#complain('nobody was told to stop');
      return;
    }
    const { worker: budget } = divideStopTime(this.#options.stopTimeoutMs);
    const longestMs = budget.askMs + budget.terminateMs + budget.killMs;
    this.#later(5, worker.isHung ? longestMs : budget.askMs, () => this.#endWorker(worker, 0, null));
  }

  #killWorker(): void {
    const worker = this.#workers.find(({ isAlive }) => isAlive);
    if (worker === undefined) {
      this.#complain('nobody was killed');
      return;
    }
    this.#later(1, 100, () => this.#endWorker(worker, null, 'SIGKILL'));
  }

  #failWorker(worker: SimulatedWorker, failureClass: FailureClass): void {
    if (!worker.isAlive) return;
    if (failureClass === 'AUTH') this.#deviceLinked = false;
    const failure = { class: failureClass, reason: `a ${failureClass} failure`, userAction: null, reported: true };
    this.#say({ type: 'worker-failure', failure });
    this.#later(1, 500, () => this.#endWorker(worker, 75, null));
  }

  #hangWorker(worker: SimulatedWorker): void {
    worker.isHung = true;
    this.#later(heartbeatTimeoutMs, heartbeatTimeoutMs, () => {
      if (worker.isAlive && worker.isAssigned) this.#say({ type: 'heartbeat-missed', afterMs: heartbeatTimeoutMs });
      // One that isn't assigned has not said hello: its start has a deadline of its own.
      else if (worker.isAlive) this.#endWorker(worker, null, 'SIGKILL');
    });
  }

  #endWorker(worker: SimulatedWorker, code: number | null, signal: string | null): void {
    if (!worker.isAlive) return;
    worker.isAlive = false;
    this.#say({ type: 'worker-exited', code, signal });
  }

  #unlinkDevice(): void {
    const worker = this.#workers.find(({ isAlive, isListening }) => isAlive && isListening);
    if (worker === undefined || worker.isHung || !this.#goesWell(0.3)) this.#say({ type: 'unlink-expired' });
    else this.#failWorker(worker, 'AUTH');
  }

  #setProfileAside(): void {
    if (this.#browsers.some(({ isAlive }) => isAlive)) this.#complain('the login is moved under a living browser');
    if (this.#deviceLinked) this.#complain('a login that works is set aside');
    if (this.#isMoving) this.#complain('the login is moved twice at once');
    this.#isMoving = true;
    const isMoved = this.#goesWell(0.1);
    this.#later(1, 50, () => {
      this.#isMoving = false;
      if (isMoved) this.#hasProfile = false;
      if (isMoved) this.#say({ type: 'profile-moved', name: 'a-name' });
      else {
        const failure = { class: 'LOCAL', reason: 'It can’t be moved', userAction: null } as const;
        this.#say({ type: 'profile-not-moved', failure });
      }
    });
  }

  /** Nothing is begun for an account that rests. */
  #checkMayStart(what: string): void {
    const { state } = this.#shell.machine;
    if (['stopped', 'stopping', 'failed', 'needs-link'].includes(state))
      this.#complain(`${what} was started while ${state}`);
  }

  #complain(what: string): void {
    this.complaints.push(`${this.#options.time.nowMs}: ${what}`);
  }

  #later(leastMs: number, mostMs: number, happen: () => void): void {
    const { time, random } = this.#options;
    const life = this.#life;
    time.in(leastMs + random() * (mostMs - leastMs), () => {
      // What a supervisor had begun ends with it.
      if (life === this.#life) happen();
    });
  }

  #goesWell(chanceOfTrouble: number): boolean {
    return this.isCalm || this.#options.random() >= chanceOfTrouble;
  }

  #pick<Choice>(choices: readonly Choice[]): Choice {
    const choice = choices[Math.floor(this.#options.random() * choices.length)];
    if (choice === undefined) throw new Error('nothing to choose from');
    return choice;
  }
}

function createWorker(incarnation: number): SimulatedWorker {
  return {
    isAlive: true,
    isHung: false,
    incarnation,
    isAssigned: false,
    isListening: false,
    heartbeatTimer: undefined,
  };
}
