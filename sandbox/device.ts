import type { ChatConnection } from './chat-connection.js';
import type { AccountEvent, DeliveredEvent } from './events.js';

/** A linked device as the server knows it: its credentials and what it has not acknowledged yet. */
export class Device {
  connection: ChatConnection | undefined;
  synced = false;
  /** The page that this device was seen on last. */
  pageId: string | undefined;
  readonly queue: DeliveredEvent[];
  #nextEventId: number;

  constructor(
    readonly id: number,
    readonly token: string,
    readonly linkedAt: number,
    queue: DeliveredEvent[] = [],
  ) {
    this.queue = queue;
    this.#nextEventId = (queue.at(-1)?.id ?? 0) + 1;
  }

  deliver(event: AccountEvent): void {
    const delivered = { ...event, id: this.#nextEventId++ };
    this.queue.push(delivered);
    this.connection?.send({ type: 'event', event: delivered });
  }

  /** The device has stored these events: it is never sent them again. */
  acknowledge(ids: readonly number[]): DeliveredEvent[] {
    const stored = new Set(ids);
    // Mostly the oldest ones, in their order: looked through are no more than have been stored.
    let first = 0;
    while (first < this.queue.length && stored.has(this.queue[first]?.id ?? -1)) first += 1;
    const acknowledged = this.queue.splice(0, first);
    if (acknowledged.length === stored.size) return acknowledged;
    const others = this.queue.filter(({ id }) => stored.has(id));
    this.queue.splice(0, this.queue.length, ...this.queue.filter(({ id }) => !stored.has(id)));
    return [...acknowledged, ...others];
  }
}
