import { classifyFailure } from './classify-failure.js';
import type { Browser, Page } from './whatsapp/library.js';
import { WorkerFailure } from './worker-failure.js';

/** The one place where a session's end arrives, whatever ended it. The first fault counts. */
export class SessionFaults {
  /** Never resolves; rejects with a {@link WorkerFailure}. */
  readonly occurred: Promise<never>;
  #reject: (failure: WorkerFailure) => void = () => undefined;

  constructor() {
    this.occurred = new Promise<never>((_resolve, reject) => {
      this.#reject = reject;
    });
    this.occurred.catch(() => undefined);
  }

  report(thrown: unknown): void {
    this.#reject(classifyFailure(thrown));
  }

  watchBrowser(browser: Browser, page: Page): void {
    browser.on('disconnected', () =>
      this.report(new WorkerFailure('LOCAL', 'The browser is gone', { lost: 'browser' })),
    );
    // A killed renderer says nothing else: the browser stays connected and every evaluate hangs.
    page.on('error', ({ message }) =>
      this.report(new WorkerFailure('LOCAL', `The page crashed (${message})`, { lost: 'page' })),
    );
    page.on('close', () => this.report(new WorkerFailure('LOCAL', 'The page was closed', { lost: 'page' })));
  }
}
