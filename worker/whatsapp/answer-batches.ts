import type { PageAnswer } from './page-relay.js';

/** A call of the page by its id, with its answer; null while that takes its time. */
export type AnsweredCall = readonly [id: string, answer: PageAnswer | null];

/**
 * So many answers cross to the page in one step: its thread is free for what WhatsApp has to do between two of them.
 */
export const answersAtOnce = 200;

/**
 * Gives the page the answers to its calls: the first at once, and what comes while an earlier step is under way in the
 * next one. A step for each answer would have the bot's own messages wait behind as many steps as calls have come.
 */
export class AnswerBatches {
  readonly #send: (answers: readonly AnsweredCall[]) => Promise<unknown>;
  #waiting: AnsweredCall[] = [];
  #isSending = false;

  /** @param send resolves when the page has taken the answers; rejects when the document that asked has gone. */
  constructor(send: (answers: readonly AnsweredCall[]) => Promise<unknown>) {
    this.#send = send;
  }

  give(id: string, answer: PageAnswer | null): void {
    this.#waiting.push([id, answer]);
    if (!this.#isSending) void this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    while (this.#waiting.length > 0) {
      // The page has gone on to another document, or the browser has gone: nothing waits for the answers then.
      await this.#send(this.#waiting.splice(0, answersAtOnce)).catch(() => undefined);
    }
    this.#isSending = false;
  }
}
