import { hashOf, identifyPageError, judgeSends, nextSendStep, type PageFailure, type SendStep } from './judge-sends.js';

export interface SendWatchOptions {
  readonly now: () => number;
  /** What was done last, also by an earlier worker. */
  readonly lastStep: () => SendStep | undefined;
  readonly noteStep: (step: SendStep) => void;
  /** A message has failed by an error of the page: a look at it may explain that. */
  readonly onPageError: () => void;
  /** Messages fail by this error of the page whatever they are. */
  readonly onFault: (error: string, step: SendStep['step']) => void;
  /** Messages go out, or fail by an error that was no fault of the page's. */
  readonly onOver: () => void;
}

/** More failures than these are not remembered. */
const longestMemory = 100;

/** Watches the errors by which the bot's answers fail, and tells the page's fault from the messages' (judge-sends.ts). */
export class SendWatch {
  readonly #options: SendWatchOptions;
  #failures: PageFailure[] = [];
  #isFaulty = false;

  constructor(options: SendWatchOptions) {
    this.#options = options;
  }

  /**
   * The bot has failed on a message.
   *
   * @returns the messages that the page is to be blamed for instead, this one among them; empty when none.
   */
  noteFailure(message: string, thrown: unknown): readonly string[] {
    const error = identifyPageError(thrown);
    if (error === undefined) return [];
    const { now, lastStep, noteStep, onPageError, onFault } = this.#options;
    this.#failures = [...this.#failures.slice(1 - longestMemory), { message, error, at: now() }];
    onPageError();
    const verdict = judgeSends(this.#failures);
    if (verdict.blames === 'message') return [];
    const hash = hashOf(error);
    const step = nextSendStep(lastStep(), hash, now());
    if (step === undefined) {
      this.#end();
      return [];
    }
    noteStep({ error: hash, step, at: now() });
    this.#isFaulty = true;
    // What fails from now on fails in another page.
    this.#failures = [];
    onFault(error, step);
    return verdict.messages;
  }

  /** A message went out, or a handler has ended well. */
  noteSuccess(): void {
    this.#failures = [];
    this.#end();
  }

  #end(): void {
    if (!this.#isFaulty) return;
    this.#isFaulty = false;
    this.#options.onOver();
  }
}
