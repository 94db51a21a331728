import type { Page } from 'puppeteer';

import { withDeadline } from '../../shared/with-deadline.js';
import type { WhatsAppWindow } from './page-globals.js';

declare const window: WhatsAppWindow;

/**
 * What time it is by WhatsApp's server, by which messages are dated: a page that is connected knows by how much the clock of its machine
 * differs.
 *
 * @returns seconds since 1970; null for a build that doesn't say.
 * @throws DeadlineError when the page doesn't answer in time.
 */
export async function readWhatsAppTime(page: Page, timeoutMs: number): Promise<number | null> {
  return withDeadline(page.evaluate(timeInPage), timeoutMs, 'Asking WhatsApp Web for the time');
}

function timeInPage(): number | null {
  try {
    const load = (module: string): unknown => (window.require as unknown as (module: string) => unknown)(module);
    const seconds = (load('WATimeUtils') as { readonly unixTime: () => unknown }).unixTime();
    return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds : null;
  } catch {
    return null;
  }
}
