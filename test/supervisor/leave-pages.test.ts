import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { leavePages } from '../../supervisor/browser/leave-pages.js';
import type { Switchboard } from '../../supervisor/switchboard/switchboard.js';
import { BrowserFolder } from '../support/real-browser.js';
import { until } from '../support/until.js';

const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>page</p>'));
let folder: BrowserFolder;
let url: string;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  folder = await BrowserFolder.create();
});
afterAll(async () => {
  await folder.remove();
  server.close();
});

it('has on disk, when it is over, what the page has just stored: a browser that is killed then has lost nothing', async () => {
  const browser = await folder.start();
  await evaluate(browser.switchboard, 'localStorage.setItem("login", "kept")');
  await leavePages(browser.switchboard, 10_000);
  process.kill(-browser.pid, 'SIGKILL');
  await browser.stop({ timeoutMs: 5_000 });
  const next = await folder.start();
  expect(await evaluate(next.switchboard, 'localStorage.getItem("login")')).toBe('kept');
  await next.stop({ timeoutMs: 5_000 });
});

it('lets a page go that hangs, and says nothing', async () => {
  const browser = await folder.start();
  evaluate(browser.switchboard, 'for (;;);').catch(() => undefined);
  await leavePages(browser.switchboard, 300);
  await browser.stop({ timeoutMs: 5_000 });
});

/** In the page of that server, which is opened for it. */
async function evaluate(switchboard: Switchboard, expression: string): Promise<unknown> {
  const { targetInfos } = (await switchboard.send('Target.getTargets')) as {
    targetInfos: { targetId: string; type: string }[];
  };
  const page = targetInfos.find(({ type }) => type === 'page');
  const { sessionId } = (await switchboard.send('Target.attachToTarget', {
    targetId: page?.targetId,
    flatten: true,
  })) as { sessionId: string };
  const run = async (code: string): Promise<unknown> => {
    const answer = await switchboard.send('Runtime.evaluate', { expression: code, returnByValue: true }, { sessionId });
    return (answer as { result: { value?: unknown } }).result.value;
  };
  await switchboard.send('Page.navigate', { url }, { sessionId });
  await until(async () => ((await run('location.href')) === url ? true : undefined), {
    expectation: () => 'the page to be there',
  });
  return await run(expression);
}
