import type { FailureClass } from '../shared/protocol/messages.js';
import { workerExitCodes } from '../shared/exit-codes.js';
import type { Mortal } from './decide-handling.js';

export interface WorkerFailureOptions {
  readonly userAction?: string;
  readonly reloadMayHelp?: boolean;
  readonly cause?: unknown;
  /** What has gone, where the class alone doesn't say it. */
  readonly lost?: Mortal;
}

/** The end of a worker life: the class decides what the supervisor does next, the sentences are for people. */
export class WorkerFailure extends Error {
  override readonly name = 'WorkerFailure';
  readonly class: FailureClass;
  /** What a person has to do; null when wasup goes on by itself. */
  readonly userAction: string | null;
  /** Whether to load the page once more is worth a try before this life is given up. */
  readonly reloadMayHelp: boolean;
  /** What has gone with this life, for messages that were with their handlers. */
  readonly lost: Mortal;

  constructor(failureClass: FailureClass, reason: string, options: WorkerFailureOptions = {}) {
    super(reason, options.cause === undefined ? undefined : { cause: options.cause });
    this.class = failureClass;
    this.userAction = options.userAction ?? null;
    this.reloadMayHelp = options.reloadMayHelp ?? false;
    this.lost = options.lost ?? lostByClass[failureClass];
  }

  /** The exit code that repeats the class for whoever reads only that. */
  get exitCode(): number {
    return exitCodeByClass[this.class];
  }
}

const lostByClass: Record<FailureClass, Mortal> = {
  LOCAL: 'browser',
  NETWORK: 'connection',
  TRANSIENT: 'page',
  AUTH: 'page',
  TERMINAL: 'page',
  INCOMPATIBLE: 'page',
  CONFIGURATION: 'worker',
  BUG: 'worker',
};

const exitCodeByClass: Record<FailureClass, number> = {
  LOCAL: workerExitCodes.browserLost,
  NETWORK: workerExitCodes.network,
  TRANSIENT: workerExitCodes.transient,
  AUTH: workerExitCodes.loggedOut,
  TERMINAL: workerExitCodes.loggedOut,
  INCOMPATIBLE: workerExitCodes.bug,
  CONFIGURATION: workerExitCodes.configuration,
  BUG: workerExitCodes.bug,
};
