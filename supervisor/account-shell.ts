import type { Alert } from '../shared/alerts.js';
import type { FailureClass } from '../shared/protocol/messages.js';
import {
  createMachine,
  type Effect,
  type Failure,
  type Machine,
  type MachineEvent,
  type MachineLimits,
  type Surroundings,
  transition,
} from './machine.js';
import type { Operation } from './decide-operation.js';
import { isProven } from './machine-running.js';
import { forgive, type Tally } from './restart-tally.js';

/** Time and chance, as the shell gets them. */
export interface Clock {
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
  readonly random: () => number;
  readonly setTimer: (callback: () => void, delayMs: number) => unknown;
  readonly clearTimer: (timer: unknown) => void;
}

/** What starts and ends processes. Each is begun at once; what becomes of it is told by events. */
export interface ProcessPorts {
  startBrowser(): void;
  stopBrowser(): void;
  killBrowser(): void;
  startWorker(incarnation: number): void;
  startSuccessor(): void;
  promoteSuccessor(incarnation: number): void;
  dropSuccessor(): void;
  stopWorker(options: { readonly isOverMemory: boolean }): void;
  killWorker(): void;
  assign(effect: Extract<Effect, { type: 'assign' }>, incarnation: number): void;
  unlinkDevice(): void;
}

/** Everything that the machine's decisions do in the world. */
export interface ShellPorts {
  readonly clock: Clock;
  /** As they are now: a reload of the configuration may change them. */
  readonly limits: () => MachineLimits;
  readonly processes: ProcessPorts;
  /** `profile-moved` or `profile-not-moved` is to follow. */
  setProfileAside(reason: string): void;
  recordInactive(machine: Machine): void;
  saveTally(tally: Tally): void;
  tell(failure: Failure, next: string, isNews: boolean): void;
  raise(alert: Alert, failureClass: FailureClass): void;
  cannotHappen(event: string): void;
  /** Called after each event, before its effects. */
  onTransition(event: MachineEvent, before: Machine, after: Machine): void;
  /** Called when the effects of an event have been begun. */
  onSettled(machine: Machine): void;
}

/** Feeds the machine with events, and begins what it decides, in its order. Nothing else. */
export class AccountShell {
  readonly #ports: ShellPorts;
  #machine: Machine = createMachine({ mode: 'restore', quarantine: false });
  #retryAtMs: number | null = null;
  #retryTimer: unknown;

  constructor(ports: ShellPorts) {
    this.#ports = ports;
  }

  get machine(): Machine {
    return this.#machine;
  }

  /** When the retry that is armed comes, in wall time; null when none is. */
  get retryAtMs(): number | null {
    return this.#retryAtMs;
  }

  /** What is stored decides how the account begins. Only before its start. */
  prepare(operation: Operation, tally: Tally): void {
    this.#machine = createMachine(operation, tally);
  }

  /** The worker has given a sign of life. */
  hearLife(): void {
    const { tally } = this.#machine;
    if (forgive(tally) !== tally && isProven(this.#machine, this.#surroundings())) this.dispatch({ type: 'proven' });
  }

  dispatch(event: MachineEvent): void {
    const before = this.#machine;
    const { machine, effects } = transition(before, event, this.#surroundings());
    this.#machine = machine;
    if (machine.tally !== before.tally) this.#ports.saveTally(machine.tally);
    this.#ports.onTransition(event, before, machine);
    for (const effect of effects) this.#perform(effect, machine);
    this.#ports.onSettled(machine);
  }

  #surroundings(): Surroundings {
    const { clock, limits } = this.#ports;
    const now = { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
    return { limits: limits(), now, random: clock.random() };
  }

  #perform(effect: Effect, machine: Machine): void {
    const ports = this.#ports;
    const { processes } = ports;
    switch (effect.type) {
      case 'start-browser':
        processes.startBrowser();
        return;
      case 'stop-browser':
        processes.stopBrowser();
        return;
      case 'kill-browser':
        processes.killBrowser();
        return;
      case 'start-worker':
        processes.startWorker(machine.incarnation);
        return;
      case 'start-successor':
        processes.startSuccessor();
        return;
      case 'promote-successor':
        processes.promoteSuccessor(machine.incarnation);
        return;
      case 'drop-successor':
        processes.dropSuccessor();
        return;
      case 'stop-worker':
        processes.stopWorker({ isOverMemory: effect.isOverMemory === true });
        return;
      case 'kill-worker':
        processes.killWorker();
        return;
      case 'assign':
        processes.assign(effect, machine.incarnation);
        return;
      case 'unlink-device':
        processes.unlinkDevice();
        return;
      case 'retry-in':
        this.#retryIn(effect.delayMs);
        return;
      case 'cancel-retry':
        this.#cancelRetry();
        return;
      case 'record-inactive':
        ports.recordInactive(machine);
        return;
      case 'set-profile-aside':
        ports.setProfileAside(effect.reason);
        return;
      case 'tell':
        ports.tell(effect.failure, effect.next, effect.isNews);
        return;
      case 'alert':
        ports.raise(effect.alert, effect.class);
        return;
      case 'cannot-happen':
        ports.cannotHappen(effect.event);
        return;
    }
  }

  #retryIn(delayMs: number): void {
    const { clock } = this.#ports;
    this.#cancelRetry();
    this.#retryAtMs = clock.wallMs() + delayMs;
    this.#retryTimer = clock.setTimer(() => {
      this.#retryAtMs = null;
      this.dispatch({ type: 'retry' });
    }, delayMs);
  }

  #cancelRetry(): void {
    this.#ports.clock.clearTimer(this.#retryTimer);
    this.#retryAtMs = null;
  }
}
