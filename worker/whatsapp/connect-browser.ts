import type { Socket } from 'node:net';

import type { Browser, ConnectOptions, Page } from 'puppeteer';

import { withDeadline } from '../../shared/with-deadline.js';
import { puppeteer } from './library.js';
import { commandIdGenerator, LineTransport } from './line-transport.js';

/** How long the relayed browser may take to answer a first time. The supervisor has just talked to it. */
const connectDeadlineMs = 10_000;

/**
 * Takes hold of the browser behind the private line and of its one page, which the supervisor has made blank.
 *
 * @param idBase first id for CDP commands; the supervisor drops answers to any other worker's ids.
 * @throws DeadlineError when the browser doesn't answer within 10 s.
 */
export async function connectToBrowser(line: Socket, idBase: number): Promise<{ browser: Browser; page: Page }> {
  const options: ConnectOptions & { idGenerator: () => number } = {
    transport: new LineTransport(line),
    defaultViewport: null,
    // Known to puppeteer 24.38.0, though its declarations don't say so.
    idGenerator: commandIdGenerator(idBase),
  };
  const connecting = puppeteer.connect(options);
  const browser = await withDeadline(connecting, connectDeadlineMs, 'Connecting to the browser');
  const pages = await withDeadline(browser.pages(), connectDeadlineMs, 'Looking for the page in the browser');
  const page = pages[0] ?? (await withDeadline(browser.newPage(), connectDeadlineMs, 'Opening a page in the browser'));
  if (import.meta.url.endsWith('.ts')) {
    // A development transpiler wraps named functions in a helper; code sent to the page would miss it there.
    await page.evaluateOnNewDocument('globalThis.__name ??= (target) => target');
  }
  return { browser, page };
}
