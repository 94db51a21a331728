import type { FrameContent } from './frame-content.js';
import { fairClock } from '../fair-clock.js';
import { firstOwnId, nextOwnId } from './command-ids.js';

/** The supervisor's own commands to the browser, each with a deadline. */
export class OwnCommands {
  readonly #write: (frame: string) => void;
  readonly #isHeldBack: () => boolean;
  readonly #pending = new Map<number, { settle: (content: FrameContent) => void; fail: (error: Error) => void }>();
  #lastId = firstOwnId - 1;

  /**
   * @param isHeldBack whether the browser can't have been heard just now, because of a client: it isn't read before that client reads,
   *   or is in the middle of a frame of that client's.
   */
  constructor(write: (frame: string) => void, isHeldBack: () => boolean = () => false) {
    this.#write = write;
    this.#isHeldBack = isHeldBack;
  }

  /** Commands that wait for their answer. */
  get size(): number {
    return this.#pending.size;
  }

  /** Rejects if the browser answers with an error, if it hasn't answered after `timeoutMs`, or by `failAll`. */
  send(
    method: string,
    params: object,
    { timeoutMs, sessionId }: { readonly timeoutMs: number; readonly sessionId?: string | undefined },
  ): Promise<unknown> {
    const id = (this.#lastId = nextOwnId(this.#lastId));
    return new Promise<unknown>((resolve, reject) => {
      // What this process stood still is nobody's silence, and what has arrived is read before it is judged.
      const setAlarm = (): ReturnType<typeof fairClock.after> =>
        fairClock.after(timeoutMs, () => {
          if (this.#isHeldBack()) alarm = setAlarm();
          else fail(new Error(`Chromium has not answered ${method} for ${timeoutMs} ms.`));
        });
      let alarm = setAlarm();
      const done = (): void => {
        alarm.cancel();
        this.#pending.delete(id);
      };
      const fail = (error: Error): void => {
        done();
        reject(error);
      };
      const settle = (content: FrameContent): void => {
        done();
        if (content.error === undefined) resolve(content.result);
        else reject(new Error(`${method}: ${content.error.message}`));
      };
      this.#pending.set(id, { settle, fail });
      this.#write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** Takes the answer to one of these commands; one that comes after its deadline is dropped. */
  take(content: FrameContent): void {
    if (content.id !== undefined) this.#pending.get(content.id)?.settle(content);
  }

  failAll(reason: string): void {
    for (const { fail } of [...this.#pending.values()]) fail(new Error(reason));
  }
}
