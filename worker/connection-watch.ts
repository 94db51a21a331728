import { describeError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { Alert } from '../shared/alerts.js';
import type { Assignment } from '../shared/protocol/messages.js';
import { withDeadline } from '../shared/with-deadline.js';
import { judgeSocket, type SocketMemory } from './socket-verdict.js';
import { nextTransportStep, type TransportStep } from './transport-ladder.js';
import type { AttachedClient } from './whatsapp/attached-client.js';
import { closeOtherPages, reconnectSocket, takeOverSocket } from './whatsapp/page-actions.js';
import { WorkerFailure } from './worker-failure.js';

export interface ConnectionWatchOptions {
  readonly client: AttachedClient;
  readonly deadlines: Assignment['deadlines'];
  readonly log: Logger;
  /** Loads the page anew, because of the reason: one sentence. */
  reload(reason: string): void;
  /** The session can't go on. */
  fail(failure: WorkerFailure): void;
  alert(alert: Alert): void;
}

/**
 * Does about the connection to WhatsApp what its states ask for: patience first, then one step after the other
 * (transport-ladder.ts), and an end where nothing can be done (socket-verdict.ts).
 */
export class ConnectionWatch {
  readonly #options: ConnectionWatchOptions;
  #memory: SocketMemory = { tookOverAt: undefined, reloadedForVersion: false };
  #state: string | undefined;
  #awaySince: number | undefined;
  #stepsTaken = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ConnectionWatchOptions) {
    this.#options = options;
  }

  /** Whether a connection that listened is away; it has until the last step of the ladder to come back. */
  get isAway(): boolean {
    return this.#awaySince !== undefined;
  }

  /**
   * A state of the socket, or the reason of the library's `disconnected`. May be told as often as it is seen.
   *
   * @param listens whether the session listens. While it comes up, others wait for its connection.
   * @throws nothing: what ends the session goes to `fail`.
   */
  observe(state: string, { listens }: { readonly listens: boolean }): void {
    const isNew = state !== this.#state;
    this.#state = state;
    if (state === 'CONNECTED') this.#cameBack();
    const verdict = judgeSocket(state, isNew, this.#memory, performance.now());
    switch (verdict.do) {
      case 'nothing':
        return;
      case 'wait':
        if (listens && this.#awaySince === undefined) this.#wentAway();
        return;
      case 'take-over':
        this.#memory = { ...this.#memory, tookOverAt: performance.now() };
        void this.#takeOver();
        return;
      case 'reload':
        this.#memory = { ...this.#memory, reloadedForVersion: true };
        this.#options.log.warn(`${verdict.reason}; loading the page anew.`);
        this.#options.reload(verdict.reason);
        return;
      case 'end':
        if (state === 'CONFLICT') this.#alertConflict(verdict.failure);
        this.#options.fail(verdict.failure);
    }
  }

  /** The page shows another document, whose socket has not been in any state yet. */
  beginDocument(): void {
    this.#state = undefined;
  }

  /** No step is taken from now on. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #wentAway(): void {
    this.#awaySince = performance.now();
    this.#stepsTaken = 0;
    this.#scheduleNextStep();
  }

  #cameBack(): void {
    this.#awaySince = undefined;
    clearTimeout(this.#timer);
  }

  #scheduleNextStep(): void {
    const next = nextTransportStep(this.#stepsTaken, this.#options.deadlines);
    if (next === undefined || this.#awaySince === undefined) return;
    const inMs = Math.max(0, this.#awaySince + next.afterMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#stepsTaken += 1;
      this.#take(next.step, next.afterMs);
      this.#scheduleNextStep();
    }, inMs).unref();
  }

  #take(step: TransportStep, afterMs: number): void {
    const { client, deadlines, log } = this.#options;
    const away = `The connection to WhatsApp has been away for ${afterMs / 1_000} s (${this.#state ?? 'the page comes up again'})`;
    switch (step) {
      case 'reconnect':
        log.warn(`${away}; telling the page to connect anew.`);
        withDeadline(reconnectSocket(client.page), deadlines.probeTimeoutMs, 'Telling the page to connect').catch(
          (error: unknown) => log.debug(`The page could not be told to connect: ${describeError(error)}`),
        );
        return;
      case 'reload':
        log.warn(`${away}; loading the page anew.`);
        this.#options.reload('The connection to WhatsApp is away');
        return;
      case 'restart':
        this.#options.fail(new WorkerFailure('NETWORK', away));
    }
  }

  /** Once: whoever has the link may want it, and two that take it from each other would never end. */
  async #takeOver(): Promise<void> {
    const { client, deadlines, log } = this.#options;
    try {
      const closed = await withDeadline(closeOtherPages(client.page), deadlines.probeTimeoutMs, 'Closing other pages');
      log.warn(
        closed === 0
          ? 'WhatsApp Web was opened somewhere else with the same login; taking the connection back, once.'
          : `WhatsApp Web was open in ${closed} more of this browser's pages; closed, and taking the connection back.`,
      );
      await withDeadline(takeOverSocket(client.page), deadlines.probeTimeoutMs, 'Taking the connection over');
    } catch (error) {
      log.debug(`The connection could not be taken over: ${describeError(error)}`);
    }
  }

  #alertConflict({ message, userAction }: WorkerFailure): void {
    this.#options.alert({ kind: 'conflict', sentence: `${message}.`, action: userAction });
  }
}
