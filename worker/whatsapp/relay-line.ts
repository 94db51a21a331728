import type { CDPSession, Page, Protocol } from 'puppeteer';

import { describeError } from '../../shared/errors.js';
import { AnswerBatches } from './answer-batches.js';
import { installFit, maxModelLength } from './fit-model.js';
import type { WhatsAppWindow } from './page-globals.js';
import {
  type Inheritance,
  installRelay,
  libraryCallbacks,
  type PageAnswer,
  type PageCall,
  relayArguments,
  relayBinding,
} from './page-relay.js';
import { TurnBudget } from './turn-budget.js';

declare const window: WhatsAppWindow;

/** {@link RelayLineOptions.slowMs} where nothing else is said. */
const slowCallbackMs = 1_000;

/**
 * Milliseconds that the calls of the page may take of each turn of the event loop: some messages, and no answer waits
 * longer for them.
 */
const msPerTurn = 5;

export type RelayCallback = (...parameters: unknown[]) => unknown;

export interface RelayLineOptions {
  readonly page: Page;
  /** Of that page, and of this line alone. */
  readonly session: CDPSession;
  /** Whether an earlier worker's listeners are in the page: what they say waits there until {@link RelayLine.adopt}. */
  readonly takesOver: boolean;
  /** Told what isn't handed over any more, because several workers have ended without an answer to it. */
  readonly onRefused: (calls: readonly PageCall[]) => void;
  /** Told when the page could not keep all that it had to say, before what came after that. */
  readonly onDropped: (calls: number) => void;
  /** Told what a callback has thrown; the page alone would hear of it. */
  readonly onThrown: (name: string, error: unknown) => void;
  /** Whether anything listens to what a callback tells of; what nothing listens to is answered unheard. */
  readonly isHeard: (name: string) => boolean;
  /**
   * Resolves when what the callbacks have been told is kept, and more may come; undefined when that is so. No call is
   * answered before that, and those that wait for it keep others waiting in the page, however long it takes.
   */
  readonly taken: () => Promise<void> | undefined;
  /** A callback that takes longer keeps no others waiting in the page. */
  readonly slowMs?: number;
}

/** This process' end of the relay in the page: the library's callbacks, and how the page's calls get to them. */
export class RelayLine {
  readonly #options: RelayLineOptions;
  readonly #callbacks = new Map<string, RelayCallback>();
  /** Whether what the page says concerns this life. */
  #isOpen: boolean;
  /** What has waited for this life, and what has come since; undefined when nothing is held back any more. */
  #heldBack: string[] | undefined;
  readonly #calls = new TurnBudget<string>(msPerTurn, (call) => this.#carryOut(call));
  readonly #answers: AnswerBatches;

  constructor(options: RelayLineOptions) {
    this.#options = options;
    this.#isOpen = !options.takesOver;
    this.#answers = new AnswerBatches((answers) =>
      this.#evaluate(`window.wasup?.answerAll(${JSON.stringify(answers)})`),
    );
    options.session.on('Runtime.bindingCalled', ({ name, payload }: Protocol.Runtime.BindingCalledEvent) => {
      if (name !== relayBinding || !this.#isOpen) return;
      if (this.#heldBack === undefined) this.#calls.add(payload);
      else this.#heldBack.push(payload);
    });
  }

  /** Lets the page call. In each document: a binding is lost where the page goes on in another process. */
  async listen(): Promise<void> {
    await this.#options.session.send('Runtime.addBinding', { name: relayBinding });
  }

  /** Puts the page's half into the document, if it isn't there, and lets it call. */
  async install(): Promise<void> {
    const { page } = this.#options;
    await Promise.all([
      this.listen(),
      page.evaluate(installFit, maxModelLength),
      page.evaluate(installRelay, ...relayArguments),
    ]);
  }

  /** Takes the library's callbacks over from puppeteer, whose own way from the page ends with this process. */
  interceptExposure(): void {
    const { page } = this.#options;
    const expose = page.exposeFunction.bind(page);
    page.exposeFunction = async (name, callback) => {
      if (!libraryCallbacks.has(name)) return expose(name, callback);
      this.define(name, (typeof callback === 'function' ? callback : callback.default) as RelayCallback);
      await page.evaluate((defined) => window.wasup?.define(defined), name);
    };
  }

  /** What is called for a name, which the page has already. */
  define(name: string, callback: RelayCallback): void {
    this.#callbacks.set(name, callback);
  }

  /**
   * Takes over what an earlier worker has attached to the document. What has waited there is held back until {@link
   * release}; most of it in the page.
   *
   * @throws Error when there is nothing to take over.
   */
  async adopt(incarnation: number): Promise<void> {
    const { calls, refused, dropped } = (await this.#evaluate(`window.wasup.adopt(${incarnation})`)) as Inheritance;
    // In this turn: what the page says next comes after what it has said until now.
    this.#isOpen = true;
    this.#heldBack = calls;
    if (dropped > 0) this.#options.onDropped(dropped);
    if (refused.length > 0) this.#options.onRefused(refused.map((call) => JSON.parse(call) as PageCall));
  }

  /** Hands over what has waited, oldest first, and from now on whatever comes. */
  release(): void {
    const calls = this.#heldBack ?? [];
    this.#heldBack = undefined;
    this.#calls.add(...calls);
  }

  /** Resolves when what the page has said until now has been handed over; what is held back is not waited for. */
  async drained(): Promise<void> {
    await this.#calls.drained();
  }

  /**
   * Has the page keep for the next worker what happens from now on. What it has said before is handed over when this
   * resolves.
   */
  async hold(): Promise<void> {
    await this.#evaluate('window.wasup?.hold()');
    await this.drained();
  }

  #carryOut(text: string): void {
    const call = parseCall(text);
    if (call?.name === 'onDropped') {
      this.#options.onDropped(Number(call.parameters[0]));
      this.#answers.give(call.id, { value: undefined });
      return;
    }
    const callback = call === undefined ? undefined : this.#callbacks.get(call.name);
    // Any frame of the page may call the binding: what makes no sense is nobody's.
    if (call === undefined || callback === undefined) return;
    const slow = setTimeout(() => this.#answers.give(call.id, null), this.#options.slowMs ?? slowCallbackMs).unref();
    void this.#run(callback, call, () => clearTimeout(slow)).then((answer) => {
      clearTimeout(slow);
      this.#answers.give(call.id, answer);
    });
  }

  async #run(callback: RelayCallback, { name, parameters }: PageCall, onCalled: () => void): Promise<PageAnswer> {
    if (!this.#options.isHeard(name)) return { value: undefined };
    try {
      const value = await callback(...parameters);
      onCalled();
      await this.#options.taken();
      return { value };
    } catch (error) {
      this.#options.onThrown(name, error);
      return { error: describeError(error) };
    }
  }

  async #evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#options.session.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    }
    return result.value;
  }
}

function parseCall(text: string): PageCall | undefined {
  try {
    const call = JSON.parse(text) as PageCall;
    return typeof call.id === 'string' && Array.isArray(call.parameters) ? call : undefined;
  } catch {
    return undefined;
  }
}
