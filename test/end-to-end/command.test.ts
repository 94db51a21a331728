import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const pathOf = (place: string): string => fileURLToPath(new URL(`../../${place}`, import.meta.url));

describe('the wasup command', () => {
  it('is there after npm ci (node_modules/.bin/wasup), and lists its commands', async () => {
    const { stdout, stderr } = await run(pathOf('node_modules/.bin/wasup'), ['--help']);
    expect(stdout).toMatch(/^Usage: wasup /);
    for (const command of ['run', 'start', 'dev', 'sandbox'])
      expect(stdout).toMatch(new RegExp(`^ +${command}\\b`, 'm'));
    expect(stderr).toBe('');
  });
});

describe('the supervisor', () => {
  it('loads neither the browser libraries nor what they are for', async () => {
    const loaded = await listLoadedFiles('dist/supervisor/commands.js');
    expect(loaded).toContain('dist/supervisor/supervisor.js');
    expect(loaded).toContain('dist/supervisor/account.js');
    expect(loaded.filter((path) => browserLibraries.test(path))).toEqual([]);
    expect(loaded.filter((path) => /^dist\/(worker|sandbox|bot)\//.test(path))).toEqual([]);
  });

  it('carries nothing at its start that it may never need', async () => {
    const loaded = await listLoadedFiles('dist/supervisor/commands.js');
    const libraries = /node_modules\/(chokidar|fastify|pino-pretty|prom-client|qrcode)\//;
    expect(loaded.filter((path) => libraries.test(path))).toEqual([]);
    expect(loaded.filter((path) => /^dist\/(shared\/displays|supervisor\/control\/routes)\//.test(path))).toEqual([]);
    expect(loaded).not.toContain('dist/supervisor/commands/status.js');
  });

  it('would be seen to load them', async () => {
    const loaded = await listLoadedFiles('dist/worker/session.js');
    expect(loaded.some((path) => browserLibraries.test(path))).toBe(true);
  });
});

const browserLibraries = /node_modules\/(whatsapp-web\.js|puppeteer|puppeteer-core)\//;

/** What a Node process of its own has loaded when it has imported this file, relative to the checkout where possible. */
async function listLoadedFiles(place: string): Promise<string[]> {
  const { stdout } = await run(
    process.execPath,
    [pathOf('test/end-to-end/fixtures/list-loaded-files.js'), pathOf(place)],
    {
      // Nothing of the caller's own configuration is to be started.
      env: { PATH: process.env['PATH'] },
      maxBuffer: 16 * 1024 * 1024,
    },
  );
  const checkout = pathOf('');
  return (JSON.parse(stdout) as string[]).map((path) => path.replace(checkout, ''));
}
