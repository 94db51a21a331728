import { classifyFailure } from './classify-failure.js';
import type { AttachedClient } from './whatsapp/attached-client.js';
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
    browser.on('disconnected', () => this.report(new WorkerFailure('LOCAL', 'The browser is gone')));
    // A killed renderer says nothing else: the browser stays connected and every evaluate hangs.
    page.on('error', (error) => this.report(new WorkerFailure('LOCAL', `The page crashed (${error.message})`)));
    page.on('close', () => this.report(new WorkerFailure('LOCAL', 'The page was closed')));
  }

  watchClient(client: AttachedClient): void {
    client.on('disconnected', (reason: string) => this.report(failureOfDisconnect(reason)));
  }
}

/** What the library's `disconnected` means; its reason is `LOGOUT` or a state of WhatsApp's socket. Pure. */
export function failureOfDisconnect(reason: string): WorkerFailure {
  switch (reason) {
    case 'LOGOUT':
    case 'UNPAIRED':
    case 'UNPAIRED_IDLE':
      return new WorkerFailure('AUTH', 'WhatsApp has unlinked this device');
    case 'TOS_BLOCK':
    case 'SMB_TOS_BLOCK':
      return new WorkerFailure('TERMINAL', 'WhatsApp has restricted this account', {
        userAction: 'Open WhatsApp on the phone and follow what it says about the restriction.',
      });
    case 'PROXYBLOCK':
      return new WorkerFailure('NETWORK', 'WhatsApp refuses connections from this network or proxy');
    case 'DEPRECATED_VERSION':
      return new WorkerFailure('TRANSIENT', 'WhatsApp Web wants to be reloaded in a newer version');
    case 'CONFLICT':
      return new WorkerFailure('TRANSIENT', 'WhatsApp Web was opened somewhere else with the same login');
    default:
      return new WorkerFailure('TRANSIENT', `WhatsApp ended the session (${reason})`);
  }
}
