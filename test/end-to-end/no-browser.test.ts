import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { canMount } from '../support/small-disk.js';

const entry = fileURLToPath(new URL('../../supervisor/index.js', import.meta.url));
const browsers = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
  .map((name) => `/usr/bin/${name}`)
  .concat('/usr/local/bin/chromium', '/usr/lib/chromium/chromium', '/opt/google/chrome/chrome', '/snap/bin/chromium')
  .filter((path) => existsSync(path));

/** Hides every browser from one process, which root alone can; it finds no program either that could install one. */
it.skipIf(!canMount)('a machine without a browser is told what to do about it, and the exit code is 78', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasup-no-browser-'));
  const hide = browsers.map((path) => `mount --bind /dev/null ${path}`).join(' && ');
  const run = `exec env -i HOME='${folder}' PATH=/nowhere PUPPETEER_SKIP_DOWNLOAD=1 WASUP_ACCOUNTS=12025550100 WASUP_SESSIONS_DIR='${folder}/sessions' '${process.execPath}' '${entry}'`;
  const { code, errorOutput } = await new Promise<{ code: unknown; errorOutput: string }>((resolve) => {
    execFile('unshare', ['-m', '/bin/sh', '-c', `${hide === '' ? ':' : hide} && ${run}`], (error, _output, said) => {
      resolve({ code: error?.code ?? 0, errorOutput: said });
    });
  });
  expect(errorOutput).toMatch(
    /^wasup: There is no browser on this machine, and none could be fetched\n {2}What to do: .+PUPPETEER_EXECUTABLE_PATH.+\n$/,
  );
  expect(code).toBe(78);
  expect(readdirSync(join(folder, 'sessions'))).toEqual([]);
  rmSync(folder, { recursive: true });
});
