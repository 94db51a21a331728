import { EventEmitter } from 'node:events';

import type { Browser, Page } from 'puppeteer';
import { describe, expect, it } from 'vitest';

import { SessionFaults } from '../../worker/session-faults.js';
import { WorkerFailure } from '../../worker/worker-failure.js';

describe('a session’s faults', () => {
  it('end it once: the first one counts', async () => {
    const faults = new SessionFaults();
    faults.report(new WorkerFailure('NETWORK', 'first'));
    faults.report(new WorkerFailure('BUG', 'second'));
    await expect(faults.occurred).rejects.toMatchObject({ class: 'NETWORK', message: 'first' });
  });

  it('are classified, whatever was thrown', async () => {
    const faults = new SessionFaults();
    faults.report('auth timeout');
    await expect(faults.occurred).rejects.toMatchObject({ class: 'NETWORK' });
  });

  it.each([
    ['the browser’s disconnection', 'browser', 'disconnected', undefined, 'LOCAL'],
    ['the page’s crash', 'page', 'error', new Error('Page crashed!'), 'LOCAL'],
    ['the page’s end', 'page', 'close', undefined, 'LOCAL'],
  ] as const)('include %s', async (_name, source, event, detail, failureClass) => {
    const sources = { browser: new EventEmitter(), page: new EventEmitter() };
    const faults = new SessionFaults();
    faults.watchBrowser(sources.browser as unknown as Browser, sources.page as unknown as Page);
    sources[source].emit(event, detail);
    await expect(faults.occurred).rejects.toMatchObject({ class: failureClass });
  });
});
