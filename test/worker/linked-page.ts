import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Browser, Page } from 'puppeteer';

import { type Phone, type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/index.js';
import type { HistoryInput } from '../../sandbox/seed-history.js';
import { puppeteer } from '../../worker/whatsapp/library.js';
import { findProcesses } from '../support/processes.js';
import { chromiumPath } from '../support/real-browser.js';
import { until } from '../support/until.js';

/** A browser with an empty profile, and a page of the emulated WhatsApp in it. No library has touched it. */
export interface LinkedPage {
  readonly browser: Browser;
  readonly page: Page;
  readonly phone: Phone;
  readonly sandbox: Sandbox;
  /** Ends everything. @throws Error when a process of the browser is left. */
  close(): Promise<void>;
}

const accountNumber = '12025550100';

/** Opens the page without linking it. */
export async function openPage(options: SandboxOptions = {}): Promise<LinkedPage> {
  const sandbox = await startSandbox(options);
  const profile = await mkdtemp(join(tmpdir(), 'wasup-page-'));
  const browser = await puppeteer.launch({
    executablePath: chromiumPath(),
    userDataDir: profile,
    pipe: true,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [...sandbox.browserArguments, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  });
  const [page = await browser.newPage()] = await browser.pages();
  await load(page);
  return {
    browser,
    page,
    sandbox,
    phone: sandbox.phone(accountNumber),
    async close() {
      await browser.close();
      await sandbox.close();
      await until(() => (findProcesses(profile).length === 0 ? true : undefined), {
        expectation: () => `the browser on ${profile} to be gone`,
      });
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Links the page to a phone with a past, and waits until the page has synced. */
export async function openLinkedPage(
  options: SandboxOptions = {},
  history: HistoryInput = { chats: 3, messages: 9 },
): Promise<LinkedPage> {
  const linked = await openPage(options);
  const { page, phone } = linked;
  phone.seedHistory(history);
  // Nobody listens for the sync here.
  phone.sync({ beforeListener: true });
  // A code is shown to whoever listens for it.
  await page.evaluate("require('WAWebConnModel').Conn.on('change:ref', () => undefined)");
  await phone.scanQr();
  await phone.waitFor('synced');
  return linked;
}

/** Loads WhatsApp Web (again), until its modules are there. */
export async function load(page: Page): Promise<void> {
  await page.goto('https://web.whatsapp.com/', { waitUntil: 'load' });
  await page.waitForFunction('window.Debug?.VERSION !== undefined', { polling: 20 });
}
