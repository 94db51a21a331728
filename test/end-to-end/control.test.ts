import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Browser, Page } from 'puppeteer';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { AccountView } from '../../supervisor/control/controlled.js';
import { puppeteer } from '../../worker/whatsapp/library.js';
import { chromiumPath } from '../support/real-browser.js';
import { accountNumber, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';
import { type CommandResult, runWasup } from '../support/wasup-command.js';

let stage: Stage;
let supervisor: SupervisorProcess;
let url: string;
let token: string;
let browser: Browser;
let page: Page;
const pageErrors: string[] = [];

beforeAll(async () => {
  stage = await Stage.open();
  supervisor = stage.start();
  [, url = ''] = await supervisor.waitForLine(/Dashboard and control API: (http:\S+)/);
  token = (await readFile(join(stage.sessionsFolder, '.http-token'), 'utf8')).trim();
  browser = await puppeteer.launch({
    executablePath: chromiumPath(),
    pipe: true,
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  page = await browser.newPage();
  page.on('pageerror', (error) => pageErrors.push(String(error)));
  // A token that is missing is an answer, too; what the policy forbids is an error.
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('401')) pageErrors.push(message.text());
  });
});
afterAll(async () => {
  await browser.close();
  await stage.close();
});

const ask = (path: string, headers: Record<string, string> = { authorization: `Bearer ${token}` }): Promise<Response> =>
  fetch(new URL(path, url), { headers });
const wasup = (...words: string[]): Promise<CommandResult> =>
  runWasup([...words, '--sessions-dir', stage.sessionsFolder], stage.workingDirectory);
const inPage = (selector: string, property: string): Promise<unknown> =>
  page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.${property}`);

async function view(): Promise<AccountView> {
  return (await (await ask(`/api/accounts/${accountNumber}`)).json()) as AccountView;
}

async function untilShown(selector: string, pattern: RegExp): Promise<void> {
  let shown = '';
  await until(
    async () => {
      shown = String(await inPage(selector, 'textContent'));
      return pattern.test(shown) ? true : undefined;
    },
    { expectation: () => `${selector} to show ${String(pattern)}; it shows "${shown}"` },
  );
}

it('shows an account that is to be linked, on a page that wants the token once, with the code that links it', async () => {
  await page.goto(url);
  await page.waitForSelector('#token-form:not([hidden])');
  await page.type('#token', 'not-the-token-at-all');
  await page.click('#token-form button');
  await untilShown('#connection', /wrong/);
  await page.type('#token', token);
  await page.click('#token-form button');
  await untilShown('section h2', new RegExp(accountNumber));
  await page.waitForSelector('section img[src^="blob:"]:not([hidden])');
  await until(async () => (Number(await inPage('section img', 'naturalWidth')) > 0 ? true : undefined), {
    expectation: () => 'the picture to be drawn',
  });
  expect((await ask(`/api/accounts/${accountNumber}/qr.svg`)).headers.get('content-type')).toBe('image/svg+xml');
  expect((await ask('/readyz', {})).status).toBe(503);
  await stage.phone.scanQr();
  await untilShown('section .sentence', /Listening/);
  expect(await inPage('section img', 'hidden')).toBe(true);
  await page.reload();
  await untilShown('section .sentence', /Listening/);
  expect(pageErrors).toEqual([]);
});

it('tells who has the token how the account is, and everybody whether all is well', async () => {
  expect((await ask('/readyz', {})).status).toBe(200);
  expect(await (await ask('/healthz', {})).json()).toMatchObject({ status: 'ok', pid: supervisor.pid, accounts: 1 });
  expect((await ask('/api/accounts', {})).status).toBe(401);
  const { workerPid, browserPid } = await stage.status();
  expect(await view()).toMatchObject({
    number: accountNumber,
    state: 'listening',
    isActive: true,
    workerPid,
    browserPid,
  });
  expect(await (await ask('/metrics')).text()).toContain(`wasup_account_listening{account="${accountNumber}"} 1`);
  expect(supervisor.lines.join('\n')).not.toContain(token);
});

it('takes the token from the address, and leaves no trace of it there', async () => {
  const other = await browser.newPage();
  await other.goto(`${url}#token=${token}`);
  await other.waitForSelector('section.listening');
  expect(other.url()).toBe(url);
  await other.close();
});

it('restarts the worker on request, and the browser when that is wanted', async () => {
  const before = await stage.waitUntilListening();
  expect(await wasup('restart', accountNumber)).toMatchObject({ code: 0, errorOutput: '' });
  const again = await stage.waitUntilListening(before);
  expect(again.browserPid).toBe(before.browserPid);
  expect(await wasup('restart', accountNumber, '--browser')).toMatchObject({ code: 0, errorOutput: '' });
  const fresh = await stage.waitUntilListening(again);
  expect(fresh.browserPid).not.toBe(before.browserPid);
  await untilShown('section .sentence', /Listening/);
  expect((await stage.ask('!ping')).body).toBe('pong');
});

it('says on a second start who runs here', async () => {
  const second = stage.start();
  expect(await second.waitForExit()).toEqual({ code: 73, signal: null });
  expect(second.errorOutput).toContain(`pid ${supervisor.pid}`);
});

it('reads the configuration again on request', async () => {
  expect(await wasup('reload')).toMatchObject({ code: 0, errorOutput: '' });
  expect((await view()).isActive).toBe(true);
});

it('unlinks on request, after a word from a person', async () => {
  expect(await wasup('unlink', accountNumber)).toMatchObject({ code: 64 });
  expect(stage.phone.status.linked).toBe(true);
  expect(await wasup('unlink', accountNumber, '--yes')).toMatchObject({ code: 0, errorOutput: '' });
  await stage.phone.waitFor('unlinked');
  await until(async () => ((await view()).isActive ? undefined : true), { expectation: () => 'it to listen no more' });
  expect((await stage.history()).map(({ eventType }) => eventType)).toContain('device_logged_out');
});
