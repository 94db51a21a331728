import { afterEach, describe, expect, it, vi } from 'vitest';

import type { Logger } from '../../shared/logger.js';
import { obeyUnlink } from '../../worker/obey-unlink.js';
import { unlinkDevice } from '../../worker/whatsapp/page-actions.js';
import { openLinkedPage } from './linked-page.js';

const account = '12025550100';

async function errorsOf(unlink: () => Promise<void>): Promise<string[]> {
  const errors: string[] = [];
  const log = { info: () => undefined, error: (line: string) => errors.push(line) } as unknown as Logger;
  await obeyUnlink(unlink, account, log);
  return errors;
}

describe('a worker that is told to unlink its device', () => {
  afterEach(() => vi.useRealTimers());

  it('has WhatsApp unlink it, and leaves the browser open', async () => {
    const linked = await openLinkedPage();
    try {
      expect(await errorsOf(() => unlinkDevice(linked.page))).toEqual([]);
      await linked.phone.waitFor('unlinked');
      expect(linked.browser.connected).toBe(true);
    } finally {
      await linked.close();
    }
  });

  it('takes it for done when the page leaves before it has answered', async () => {
    const gone = new Error('Execution context was destroyed, most likely because of a navigation.');
    expect(await errorsOf(() => Promise.reject(gone))).toEqual([]);
  });

  it.each([
    ['the page is gone', () => Promise.reject(new Error('Target closed'))],
    ['WhatsApp Web has changed', () => Promise.reject(new Error('Requiring unknown module "WAWebSocketModel"'))],
    ['there is no page yet', () => expectNoPage()],
  ])('says what a person can do when %s', async (_name, unlink) => {
    expect(await errorsOf(unlink)).toEqual([expect.stringMatching(/npx wasup unlink 12025550100.*Linked devices/)]);
  });

  it('says so when WhatsApp doesn’t answer', async () => {
    vi.useFakeTimers();
    const told = errorsOf(() => new Promise(() => undefined));
    await vi.advanceTimersByTimeAsync(15_100);
    expect(await told).toEqual([expect.stringContaining('took longer than 15000 ms')]);
  });
});

function expectNoPage(): Promise<void> {
  throw new Error('the client has no page before open()');
}
