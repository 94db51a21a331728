import type { ConsoleMessage, Page } from 'puppeteer';

import { describeError } from '../../shared/errors.js';
import { classifyFailure } from '../classify-failure.js';
import type { WorkerFailure } from '../worker-failure.js';

/** A page that is broken says the same again and again; what it says first tells most. */
const maxTexts = 20;
const maxTextLength = 500;
/** The library's callback that sets everything up once WhatsApp has synced. */
const setUpCallback = 'onAppStateHasSyncedEvent';

/**
 * What goes wrong in a page while a session comes up. What the library throws in a callback of the page is serialised
 * into the page and ends there: nobody in this process would hear of it. One document at a time.
 */
export class PageEvidence {
  readonly #texts: string[] = [];
  #setUpErrors: unknown[] = [];

  /** The page shows another document. */
  clear(): void {
    this.#texts.length = 0;
    this.#setUpErrors = [];
  }

  /** How often the library's setting up has thrown in this document. */
  get setUpErrors(): number {
    return this.#setUpErrors.length;
  }

  /** One of the functions that the library gives to the page has thrown. */
  noteThrown(name: string, error: unknown): void {
    if (name === setUpCallback) this.#setUpErrors.push(error);
  }

  /** Hears the page's own errors until the returned function is called. */
  watchPage(page: Page): () => void {
    const onError = (error: unknown): void => this.#note(describeError(error));
    const onConsole = (message: ConsoleMessage): void => {
      if (message.type() === 'error') this.#note(message.text());
    };
    page.on('pageerror', onError);
    page.on('console', onConsole);
    return () => {
      page.off('pageerror', onError);
      page.off('console', onConsole);
    };
  }

  /** What explains that the library isn't set up; undefined when nothing that is known does. */
  failure(): WorkerFailure | undefined {
    const thrown = this.#setUpErrors.at(-1);
    if (thrown !== undefined) return classifyFailure(thrown);
    const failures = this.#texts.map((text) => classifyFailure(text));
    return failures.find((failure) => failure.class === 'INCOMPATIBLE');
  }

  #note(text: string): void {
    if (this.#texts.length < maxTexts) this.#texts.push(text.slice(0, maxTextLength));
  }
}
