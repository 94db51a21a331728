import { type Backlog, inTime, isBehind, lateMs, noteArrival } from './judge-backlog.js';
import type { WhatsAppClock } from './whatsapp-clock.js';

const kinds = ['handlers', 'arrival'] as const;

/** Watches whether messages wait for longer than they may: for a free handler, or before they come here at all. */
export class BacklogWatch {
  readonly #limitMs: number;
  readonly #clock: Pick<WhatsAppClock, 'isKnown' | 'now'>;
  #onChange: (backlog: Backlog | undefined) => void = () => undefined;
  #backlog: Backlog | undefined;
  #lateness = inTime;
  /** Since when the bot is given what comes, in ms of `performance.now()`; undefined while it isn't. */
  #openedAt: number | undefined;

  constructor(limitMs: number, clock: Pick<WhatsAppClock, 'isKnown' | 'now'>) {
    this.#limitMs = limitMs;
    this.#clock = clock;
  }

  /** Calls back when a backlog begins, changes its kind, or is over. */
  watch(onChange: (backlog: Backlog | undefined) => void): void {
    this.#onChange = onChange;
  }

  noteOpened(): void {
    this.#openedAt = performance.now();
    this.#lateness = inTime;
  }

  noteClosed(): void {
    this.#openedAt = undefined;
  }

  /**
   * Notes a message that has come. What comes just after a loss was written while nothing was heard: that is no backlog.
   *
   * @param t when it was written, in seconds since 1970.
   */
  noteArrival(t: number): void {
    const now = performance.now();
    if (!this.#clock.isKnown || this.#openedAt === undefined || now - this.#openedAt < this.#limitMs) return;
    // Messages are dated to the second.
    this.#lateness = noteArrival(this.#lateness, this.#clock.now() - (t + 1) * 1_000, this.#limitMs, now);
  }

  /** @param waitedMs how long the message that has waited longest for a free handler waits. */
  look(waitedMs: number): void {
    const waited = { handlers: waitedMs, arrival: lateMs(this.#lateness, performance.now()) };
    const backlog = kinds.find((kind) => isBehind(waited[kind], this.#limitMs, this.#backlog === kind));
    if (backlog === this.#backlog) return;
    this.#backlog = backlog;
    this.#onChange(backlog);
  }
}
