import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { appendixTo } from '../../supervisor/browser/leveldb/log-format.js';
import { preparePage } from '../../supervisor/prepare-page.js';
import type { Switchboard } from '../../supervisor/switchboard/switchboard.js';

const pageHalf = 'a-version';
const look = {
  version: pageHalf,
  incarnation: 1,
  socket: 'CONNECTED',
  hasSynced: true,
  utilities: true,
  identity: '12025550100',
};

let profile: string;
let browser: FakeBrowser;
let lines: string[];

beforeEach(async () => {
  profile = await mkdtemp(join(tmpdir(), 'wasup-prepare-'));
  browser = new FakeBrowser();
  lines = [];
});
afterEach(() => rm(profile, { recursive: true, force: true }));

const prepare = (wished: 'hot' | 'warm' | 'cold'): Promise<string> =>
  preparePage(wished, {
    switchboard: browser as unknown as Switchboard,
    profile,
    pageHalf,
    log: { info: (line: string) => void lines.push(line) } as Parameters<typeof preparePage>[1]['log'],
  });

/** Where it isn't, nothing can be written. */
const fillDisk = (): Promise<void> => rm(profile, { recursive: true });

async function cutOff(): Promise<void> {
  const database = join(profile, 'Default', 'IndexedDB', 'https_web.whatsapp.com_0.indexeddb.leveldb');
  await mkdir(database, { recursive: true });
  await writeFile(join(database, '000010.log'), appendixTo(0, Buffer.alloc(30)).subarray(0, 12));
}

it('a page that is well is taken over as it is', async () => {
  expect(await prepare('hot')).toBe('hot');
  expect([browser.opened, lines]).toEqual([0, []]);
});

it('a page in doubt is opened anew, which is logged with the reason', async () => {
  browser.found = { ...look, incarnation: null };
  expect(await prepare('hot')).toBe('warm');
  expect(browser.opened).toBe(1);
  expect(lines).toEqual(['Opening WhatsApp anew: no listeners are attached in the page.']);
});

it('a warm page is opened anew, whatever is there; the one of a browser that has just started is there already', async () => {
  expect(await prepare('warm')).toBe('warm');
  expect(browser.opened).toBe(1);
  expect(await prepare('cold')).toBe('cold');
  expect(browser.opened).toBe(1);
});

describe.each([
  ['on a disk without room', fillDisk, /^the disk of .* has no room for another page$/],
  ['on storage that a full disk has cut off', cutOff, /^a full disk has cut off what the browser's pages store$/],
])('%s', (_, spoil, refusal) => {
  beforeEach(() => spoil());

  it('no page is opened in this browser: Chromium would give up the store with the login', async () => {
    await expect(prepare('warm')).rejects.toThrow(refusal);
    browser.found = { ...look, socket: 'UNPAIRED' };
    await expect(prepare('hot')).rejects.toThrow(refusal);
    expect(browser.opened).toBe(0);
  });

  it('a page that is well goes on', async () => {
    expect(await prepare('hot')).toBe('hot');
  });
});

/** A browser with a page of WhatsApp Web. */
class FakeBrowser {
  opened = 0;
  found: object = look;
  #pages = ['first'];

  send(method: string): Promise<unknown> {
    switch (method) {
      case 'Target.getTargets': {
        const url = 'https://web.whatsapp.com/';
        const targetInfos = this.#pages.map((targetId) => ({ targetId, type: 'page', url, attached: false }));
        return Promise.resolve({ targetInfos });
      }
      case 'Target.createTarget':
        this.opened += 1;
        this.#pages.push(`page ${this.opened}`);
        return Promise.resolve({});
      case 'Target.closeTarget':
        this.#pages.shift();
        return Promise.resolve({ success: true });
      case 'Target.attachToTarget':
        return Promise.resolve({ sessionId: 'a-session' });
      case 'Target.detachFromTarget':
        return Promise.resolve({});
      case 'Runtime.evaluate':
        return Promise.resolve({ result: { value: this.found } });
      default:
        return Promise.reject(new Error(`nobody asks for ${method}`));
    }
  }
}
