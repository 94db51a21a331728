import type { Page } from 'puppeteer';

import type { WhatsAppWindow } from './page-globals.js';

declare const window: WhatsAppWindow;

/** Where WhatsApp Web is. */
export const whatsAppWebUrl = 'https://web.whatsapp.com/';

/** Tells WhatsApp Web to connect anew, as the library's `resetState()` does. */
export async function reconnectSocket(page: Page): Promise<void> {
  await page.evaluate(() => window.require('WAWebSocketModel').Socket.reconnect());
}

/** Takes the connection over from another page with the same login. */
export async function takeOverSocket(page: Page): Promise<void> {
  await page.evaluate(() => window.require('WAWebSocketModel').Socket.takeover());
}

/**
 * Has WhatsApp unlink this device, as the library's `logout()` does, which closes the browser besides. The page may leave
 * before it answers: it shows a code for the next device then.
 */
export async function unlinkDevice(page: Page): Promise<void> {
  await page.evaluate(() => window.require('WAWebSocketModel').Socket.logout());
}

/** Closes what else of this browser shows WhatsApp Web: it has the same login. Resolves with how many pages that were. */
export async function closeOtherPages(page: Page): Promise<number> {
  const pages = await page.browser().pages();
  const others = pages.filter((other) => other !== page && other.url().startsWith(whatsAppWebUrl));
  await Promise.all(others.map((other) => other.close()));
  return others.length;
}

/** What WhatsApp Web calls its version; null before it has started. */
export async function readWhatsAppVersion(page: Page): Promise<string | null> {
  return page.evaluate(() => window.Debug?.VERSION ?? null);
}

/** What the library's `client.info` is made of. */
export async function readOwnInfo(page: Page): Promise<object> {
  return page.evaluate(() => {
    const me = window.require('WAWebUserPrefsMeUser');
    return {
      ...window.require('WAWebConnModel').Conn.serialize(),
      wid: me.getMaybeMePnUser() ?? me.getMaybeMeLidUser(),
    };
  });
}
