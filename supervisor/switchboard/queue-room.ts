/**
 * What may wait in this process for clients that don't read, of all accounts together: each client has a little of its own
 * (`ClientLine.full`), and what is beyond that comes out of here.
 */
export class QueueRoom {
  readonly #maxBytes: number;
  readonly #queued = new Map<object, number>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Sets how much waits for one of them; 0 when it is gone. */
  note(client: object, bytes: number): void {
    this.#bytes += bytes - (this.#queued.get(client) ?? 0);
    if (bytes === 0) this.#queued.delete(client);
    else this.#queued.set(client, bytes);
  }

  get isFree(): boolean {
    return this.#bytes < this.#maxBytes;
  }
}
