import type { Assignment, ProbeOutcome } from '../shared/protocol/messages.js';
import type { HealBudget } from './heal-budget.js';
import { judgeListening, type MessageCount, noMessages } from './listening-verdict.js';
import type { AttachedClient } from './whatsapp/attached-client.js';
import { failureOfSilence, lookAt } from './whatsapp/look.js';
import type { PageState } from './whatsapp/page-state.js';
import { WorkerFailure } from './worker-failure.js';

/** One look alone may fall into a moment in which the page is busy. */
const maxMissedLooks = 2;

export interface ListeningProbeOptions {
  readonly client: AttachedClient;
  readonly incarnation: number;
  readonly deadlines: Pick<Assignment['deadlines'], 'probeIntervalMs' | 'probeTimeoutMs'>;
  /** Whether the session listens now: a page that comes up, or is stopped, is left alone. */
  isListening(): boolean;
  /** Whether nothing could reach the page now, however well it were. */
  isCutOff(): boolean;
  /** How often the page may be loaded anew. */
  readonly budget: HealBudget;
  /** Called with each state that was seen while listening. */
  onState(state: PageState): void;
  /** The library has stumbled over a message, which has to be fetched. */
  onLost(): void;
  /** Whether the newest look has found that it can't: then nothing else is done to the page. */
  isStorageImpaired(): boolean;
  /** Looks whether the page can write its storage. Rejects with what ends the session. */
  lookAtStorage(): Promise<void>;
  /** The page is to come up again, because of the reason; in the same document if nothing is attached to it. */
  heal(reason: string, isUntouched: boolean): void;
  /** Called with what ends the session. */
  fail(thrown: unknown): void;
}

/** What a look has found, and when, in ISO 8601. */
export interface ProbeResult {
  readonly outcome: ProbeOutcome;
  readonly at: string;
}

/** Looks at the page of a session that listens, one look at a time: whether it lives, and whether it still tells of messages. */
export class ListeningProbe {
  readonly #options: ListeningProbeOptions;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #isLooking = false;
  #missedLooks = 0;
  #count: MessageCount = noMessages;
  /** The document that was counted in. */
  #document = -1;
  #last: ProbeResult | null = null;

  constructor(options: ListeningProbeOptions) {
    this.#options = options;
  }

  /** The newest look that found something out; null before there was one. */
  get last(): ProbeResult | null {
    return this.#last;
  }

  start(): void {
    this.#lookIn(this.#options.deadlines.probeIntervalMs);
  }

  /** Looks now rather than at the end of the interval: something has gone wrong that a look may explain. */
  hurry(): void {
    if (this.#timer !== undefined && !this.#isLooking) this.#lookIn(0);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #lookIn(milliseconds: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isLooking = true;
      this.#look()
        .catch((thrown: unknown) => {
          if (!this.#stopped) this.#options.fail(thrown);
        })
        // After a look that was missed the next one follows at once: two are needed.
        .finally(() => {
          this.#isLooking = false;
          this.#lookIn(this.#missedLooks > 0 ? 0 : this.#options.deadlines.probeIntervalMs);
        });
    }, milliseconds).unref();
  }

  async #look(): Promise<void> {
    const { client, deadlines } = this.#options;
    if (!this.#options.isListening()) {
      this.#missedLooks = 0;
      return;
    }
    const { document } = client;
    const isStale = (): boolean => this.#stopped || client.document !== document || !this.#options.isListening();
    const state = await lookAt(client.page, deadlines.probeTimeoutMs);
    // What the page had said before it answered may still wait in this process while much comes.
    await client.drained();
    if (isStale()) return;
    if (state === 'silent') {
      if (this.#options.isCutOff()) {
        this.#missedLooks = 0;
        return;
      }
      this.#note('silent');
      this.#missedLooks += 1;
      if (this.#missedLooks < maxMissedLooks) return;
      const silentMs = this.#missedLooks * deadlines.probeTimeoutMs;
      this.#missedLooks = 0;
      const failure = await failureOfSilence(client.page, silentMs, deadlines.probeTimeoutMs);
      if (!isStale() && !this.#options.isCutOff()) this.#options.fail(failure);
      return;
    }
    this.#missedLooks = 0;
    if (state === undefined) return;
    if (state.socket === 'CONNECTED' && state.hasSynced) {
      await this.#options.lookAtStorage();
      if (isStale() || this.#options.isStorageImpaired()) return;
    }
    this.#judge(state, document);
  }

  #judge(state: PageState, document: number): void {
    const { client, incarnation, budget } = this.#options;
    if (document !== this.#document) this.#count = noMessages;
    this.#document = document;
    const verdict = judgeListening(state, incarnation, client.messages, this.#count, client.untaken);
    this.#note(verdict.is);
    if (verdict.is !== 'deaf') {
      if (verdict.count.lost > this.#count.lost) this.#options.onLost();
      this.#count = verdict.count;
      if (state.socket !== null) this.#options.onState(state);
      return;
    }
    if (budget.take(performance.now())) this.#options.heal(verdict.reason, verdict.isUntouched);
    else {
      this.#options.fail(
        new WorkerFailure('TRANSIENT', `${verdict.reason}, and loading it anew has not helped for long`),
      );
    }
  }

  #note(outcome: ProbeOutcome): void {
    this.#last = { outcome, at: new Date().toISOString() };
  }
}
