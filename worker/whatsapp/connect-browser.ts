import type { Socket } from 'node:net';

import type { Browser, ConnectOptions, Page, Target } from 'puppeteer';

import { describeError } from '../../shared/errors.js';
import { withDeadline } from '../../shared/with-deadline.js';
import { WorkerFailure } from '../worker-failure.js';
import { puppeteer } from './library.js';
import { commandIdGenerator, LineTransport } from './line-transport.js';

/** How long the relayed browser may take to answer a first time. The supervisor has just talked to it. */
const connectDeadlineMs = 10_000;

/**
 * Takes hold of the browser behind the private line and of its one page, which the supervisor has made blank.
 *
 * @param idBase first id for CDP commands; the supervisor drops answers to any other worker's ids.
 * @throws WorkerFailure of class LOCAL when the browser doesn't answer within 10 s a step: it needs to be replaced.
 */
export async function connectToBrowser(line: Socket, idBase: number): Promise<{ browser: Browser; page: Page }> {
  try {
    return await connect(line, idBase);
  } catch (error) {
    throw new WorkerFailure('LOCAL', `The browser doesn't let the worker in (${describeError(error)})`, {
      cause: error,
    });
  }
}

async function connect(line: Socket, idBase: number): Promise<{ browser: Browser; page: Page }> {
  const options: ConnectOptions & { idGenerator: () => number } = {
    transport: new LineTransport(line),
    defaultViewport: null,
    // Known to puppeteer 24.38.0, though its declarations don't say so.
    idGenerator: commandIdGenerator(idBase),
  };
  const connecting = puppeteer.connect(options);
  const browser = await withDeadline(connecting, connectDeadlineMs, 'Connecting to the browser');
  // Waits for a page that has no address yet, which puppeteer doesn't show before it has.
  const target = await browser.waitForTarget(isPage, { timeout: connectDeadlineMs });
  const page = await withDeadline(target.page(), connectDeadlineMs, 'Taking hold of the page');
  if (page === null) throw new Error('it has no page');
  if (import.meta.url.endsWith('.ts')) {
    // A development transpiler wraps named functions in a helper; code sent to the page would miss it there.
    await page.evaluateOnNewDocument('globalThis.__name ??= (target) => target');
  }
  return { browser, page };
}

function isPage(target: Target): boolean {
  return (target.type() as string) === 'page';
}
