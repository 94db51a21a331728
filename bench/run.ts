import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { format } from 'prettier';

import { ensureBrowser } from '../supervisor/browser/install-browser.js';
import { measureColdRestore } from './cold-restore.js';
import { currentLoad, reportColdRestore } from './report.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    build: { type: 'string', default: 'current' },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number, at least 1.');
const { build } = values;
if (build !== 'current' && build !== 'legacy') throw new Error('--build is current or legacy.');

const library = createRequire(import.meta.url)('whatsapp-web.js/package.json') as { version: string };
const configured = process.env['PUPPETEER_EXECUTABLE_PATH']?.trim();
const executablePath = await ensureBrowser({
  configuredPath: configured === undefined || configured === '' ? undefined : resolve(configured),
  report: console.log,
});
const circumstances = {
  command: `npm run bench -- --rounds ${rounds} --build ${build}`,
  date: new Date(),
  browserVersion: execFileSync(executablePath, ['--version'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim(),
  libraryVersion: library.version,
  build,
  load: currentLoad(),
};
console.log(`Cold restore, ${rounds} rounds each.`);
const measured = await measureColdRestore({ rounds, executablePath, build, report: console.log });
const report = reportColdRestore(measured, circumstances);
console.log(`\n${report}`);
await writeFile(fileURLToPath(new URL('results.md', import.meta.url)), await format(report, { parser: 'markdown' }));
