import { resolve } from 'node:path';

import { findBrowsers } from '../supervisor/browser/find-browser.js';
import { ensureBrowser } from '../supervisor/browser/install-browser.js';
import { browserFiles, describeMachine } from '../supervisor/browser/machine-description.js';

export interface Browsers {
  /** What wasup takes by itself, or is configured to take. */
  readonly own: string;
  /** What the plain library can be started with as it is: no headless shell, unless that is configured or all there is. */
  readonly ordinary: string;
}

export async function findBenchBrowsers(): Promise<Browsers> {
  const configured = process.env['PUPPETEER_EXECUTABLE_PATH']?.trim();
  const configuredPath = configured === undefined || configured === '' ? undefined : resolve(configured);
  const own = await ensureBrowser({ configuredPath, report: console.log });
  if (configuredPath !== undefined) return { own, ordinary: own };
  for await (const { path, source } of findBrowsers(undefined, await describeMachine(), browserFiles)) {
    if (source === 'installed' && !path.includes('headless-shell')) return { own, ordinary: path };
  }
  return { own, ordinary: own };
}
