import type { Alert } from '../shared/alerts.js';
import type { Configuration } from '../shared/configuration/compile-configuration.js';
import type { AttemptMetrics, WorkerMessage } from '../shared/protocol/messages.js';
import type { AccountFacts } from './account-facts.js';
import type { AccountProcesses } from './account-processes.js';
import type { AccountShell } from './account-shell.js';
import type { AccountWatches } from './account-watches.js';
import { AttemptLog } from './attempt-log.js';
import { processStateNow } from '../shared/process-stat.js';
import { bundledBot } from './bundled-bot.js';
import { judgeSilence } from './describe-silence.js';
import type { WorkerExit } from './exit-failure.js';
import { heartbeatTimeoutMs, HeartbeatWatch } from './heartbeat-watch.js';
import type { LinkDesk } from './link-desk.js';
import type { Effect, Machine } from './machine-types.js';

export interface WorkerEarOptions {
  readonly configuration: () => Configuration;
  readonly shell: Pick<AccountShell, 'machine' | 'dispatch' | 'hearLife'>;
  readonly processes: Pick<AccountProcesses, 'worker'>;
  readonly linkDesk: LinkDesk;
  readonly watches: Pick<AccountWatches, 'onMessage'>;
  readonly facts: AccountFacts;
  readonly onAlert: (alert: Alert) => void;
  /** An attempt is over. */
  readonly onAttempt: (attempt: AttemptMetrics) => void;
  /** There is another code to link the device with, or none any more. */
  readonly onCode: () => void;
  /** A word of a life that is over. */
  readonly onLateMessage: (type: string) => void;
  /** Each message, after what follows from it. */
  readonly onMessage: (message: WorkerMessage) => void;
}

type Said = Exclude<WorkerMessage, { type: 'hello' }>;

/** Hears an account's worker, and its silence, and tells the machine what that means. */
export class WorkerEar {
  readonly #options: WorkerEarOptions;
  readonly #heartbeats = new HeartbeatWatch((afterMs) => this.#missHeartbeat(afterMs));
  readonly #attempts: AttemptLog;

  constructor(options: WorkerEarOptions) {
    this.#options = options;
    this.#attempts = new AttemptLog(options.onAttempt);
  }

  /** @param incarnation of the life that it comes from. */
  receive(message: WorkerMessage, incarnation: number): void {
    const { shell, onLateMessage, onMessage } = this.#options;
    if (message.type === 'hello') shell.dispatch({ type: 'worker-ready' });
    else if (message.incarnation === null || message.incarnation === incarnation) this.#hear(message);
    else onLateMessage(message.type);
    onMessage(message);
  }

  noteAssigned(effect: Extract<Effect, { type: 'assign' }>): void {
    this.#attempts.begin(effect, performance.now());
    this.#expectHeartbeat();
  }

  noteExit(exit: WorkerExit): void {
    const { shell } = this.#options;
    const wasPlanned = shell.machine.worker === 'stopping' && shell.machine.workerFailure === null;
    shell.dispatch({ type: 'worker-exited', ...exit });
    this.#attempts.end(wasPlanned ? null : shell.machine.failure, performance.now());
  }

  onTransition({ worker }: Machine): void {
    if (worker !== 'assigned') this.#heartbeats.disarm();
  }

  #hear(message: Said): void {
    const { shell, watches, linkDesk, facts, onAlert, onCode } = this.#options;
    watches.onMessage(message);
    linkDesk.hear(message, new Date());
    facts.hear(message, Date.now());
    switch (message.type) {
      case 'listening':
        linkDesk.settle();
        shell.dispatch({ type: 'listening' });
        this.#expectHeartbeat();
        return;
      case 'handled':
        shell.dispatch({ type: 'handled' });
        return;
      case 'health':
        shell.dispatch({ type: 'health', connection: message.connection, impairment: message.impairment });
        return;
      case 'failure':
        shell.dispatch({
          type: 'worker-failure',
          failure: { class: message.class, reason: message.reason, userAction: message.userAction, reported: true },
        });
        return;
      case 'heartbeat':
        this.#expectHeartbeat();
        shell.hearLife();
        return;
      case 'phase':
        this.#attempts.enter(message.phase);
        shell.dispatch({ type: 'phase', phase: message.phase });
        // From now on it is expected as often as of one that listens: the bot gets its first message next.
        if (message.phase === 'listening') this.#expectHeartbeat();
        return;
      case 'restore-metrics':
        this.#attempts.report(message.attempt);
        return;
      case 'alert':
        onAlert({ kind: message.kind, sentence: message.sentence, action: message.action });
        return;
      case 'qr':
      case 'qr-expired':
      case 'pairing-code':
        onCode();
        return;
    }
  }

  #expectHeartbeat(): void {
    const { shell, configuration } = this.#options;
    const timeoutMs = heartbeatTimeoutMs(shell.machine, configuration());
    if (timeoutMs !== undefined) this.#heartbeats.expectWithin(timeoutMs);
  }

  /** Looked at before the kill that follows: afterwards there is nothing to be seen. */
  #missHeartbeat(afterMs: number): void {
    const { shell, processes, configuration } = this.#options;
    const { worker } = processes;
    const processState = worker === undefined ? undefined : processStateNow(worker.pid);
    const botModule = configuration().botModule ?? bundledBot();
    const silence = judgeSilence({ processState, hang: worker?.hang, botModule });
    shell.dispatch({ type: 'heartbeat-missed', afterMs, ...silence });
  }
}
