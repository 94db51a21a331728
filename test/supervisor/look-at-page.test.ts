import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import type { BrowserProcess } from '../../supervisor/browser/browser-process.js';
import { lookAtPage } from '../../supervisor/browser/look-at-page.js';
import { renewPage } from '../../supervisor/browser/renew-page.js';
import type { Switchboard } from '../../supervisor/switchboard/switchboard.js';
import { BrowserFolder } from '../support/real-browser.js';

let folder: BrowserFolder;
let browser: BrowserProcess;
let switchboard: Switchboard;

const look = {
  version: 'abc',
  incarnation: 7,
  socket: 'CONNECTED',
  hasSynced: true,
  utilities: true,
  identity: '14155550100',
};

beforeAll(async () => {
  folder = await BrowserFolder.create();
  browser = await folder.start();
  ({ switchboard } = browser);
});
beforeEach(() => renewPage(switchboard));
afterAll(() => folder.remove());

it('finds a blank page, in which nothing of ours is', async () => {
  expect(await lookAtPage(switchboard)).toEqual({ pages: 1, url: 'about:blank', isAttached: false, look: null });
});

it('finds what our half in the page says, and lets go of the page again', async () => {
  await evaluate(`window.wasup = { look: () => (${JSON.stringify(look)}) }`);
  expect((await lookAtPage(switchboard)).look).toEqual(look);
  expect(await lookAtPage(switchboard)).toMatchObject({ isAttached: false, look });
});

it.each([
  ['is not what it should be', '({ version: 3 })'],
  ['throws', '(() => { throw new Error("no") })()'],
])('takes nothing from a half that %s', async (_name, answer) => {
  await evaluate(`window.wasup = { look: () => ${answer} }`);
  expect((await lookAtPage(switchboard)).look).toBeNull();
});

it('finds that something else is attached to the page, and asks it nothing', async () => {
  await evaluate(`window.wasup = { look: () => (${JSON.stringify(look)}) }`);
  const sessionId = await attach();
  expect(await lookAtPage(switchboard)).toMatchObject({ isAttached: true, look: null });
  await switchboard.send('Target.detachFromTarget', { sessionId });
  expect(await lookAtPage(switchboard)).toMatchObject({ isAttached: false, look });
});

it('counts the pages', async () => {
  await switchboard.send('Target.createTarget', { url: 'about:blank' });
  expect(await lookAtPage(switchboard)).toMatchObject({ pages: 2, look: null });
});

it('finds a page that hangs to be silent', async () => {
  const sessionId = await attach();
  switchboard.send('Runtime.evaluate', { expression: 'for (;;);' }, { sessionId }).catch(() => undefined);
  await switchboard.send('Target.detachFromTarget', { sessionId });
  expect((await lookAtPage(switchboard)).look).toBe('silent');
});

async function attach(): Promise<string> {
  const { targetInfos } = (await switchboard.send('Target.getTargets')) as {
    targetInfos: { targetId: string; type: string }[];
  };
  const page = targetInfos.find(({ type }) => type === 'page');
  const attached = await switchboard.send('Target.attachToTarget', { targetId: page?.targetId, flatten: true });
  return (attached as { sessionId: string }).sessionId;
}

async function evaluate(expression: string): Promise<void> {
  const sessionId = await attach();
  await switchboard.send('Runtime.evaluate', { expression }, { sessionId });
  await switchboard.send('Target.detachFromTarget', { sessionId });
}
