import { EventEmitter } from 'node:events';

import type { Browser, Page } from 'puppeteer';
import { describe, expect, it } from 'vitest';

import { failureOfDisconnect, SessionFaults } from '../../worker/session-faults.js';
import type { AttachedClient } from '../../worker/whatsapp/attached-client.js';
import { WorkerFailure } from '../../worker/worker-failure.js';

describe('what the library’s "disconnected" means', () => {
  it.each([
    ['LOGOUT', 'AUTH'],
    ['UNPAIRED', 'AUTH'],
    ['UNPAIRED_IDLE', 'AUTH'],
    ['TOS_BLOCK', 'TERMINAL'],
    ['SMB_TOS_BLOCK', 'TERMINAL'],
    ['PROXYBLOCK', 'NETWORK'],
    ['DEPRECATED_VERSION', 'TRANSIENT'],
    ['CONFLICT', 'TRANSIENT'],
    ['UNLAUNCHED', 'TRANSIENT'],
    ['SOMETHING_NEW', 'TRANSIENT'],
  ])('%s: a failure of class %s', (reason, failureClass) => {
    expect(failureOfDisconnect(reason).class).toBe(failureClass);
  });

  it('tells what a person has to do where nobody else can help', () => {
    expect(failureOfDisconnect('TOS_BLOCK').userAction).toContain('phone');
    expect(failureOfDisconnect('LOGOUT').userAction).toBeNull();
  });

  it('names a reason that nobody knows', () => {
    expect(failureOfDisconnect('SOMETHING_NEW').message).toContain('SOMETHING_NEW');
  });
});

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
    ['WhatsApp’s refusal', 'client', 'disconnected', 'LOGOUT', 'AUTH'],
  ] as const)('include %s', async (_name, source, event, detail, failureClass) => {
    const sources = { browser: new EventEmitter(), page: new EventEmitter(), client: new EventEmitter() };
    const faults = new SessionFaults();
    faults.watchBrowser(sources.browser as unknown as Browser, sources.page as unknown as Page);
    faults.watchClient(sources.client as unknown as AttachedClient);
    sources[source].emit(event, detail);
    await expect(faults.occurred).rejects.toMatchObject({ class: failureClass });
  });
});
