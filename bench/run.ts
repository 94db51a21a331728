import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { format } from 'prettier';

import { ensureBrowser } from '../supervisor/browser/install-browser.js';
import { measureColdRestore } from './cold-restore.js';
import { type Circumstances, currentLoad, reportColdRestore } from './report.js';
import { reportSupervision } from './report-supervision.js';
import { replaceSection } from './results-file.js';
import { measureSupervision } from './supervise.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '10' },
    build: { type: 'string', default: 'current' },
    accounts: { type: 'string', default: '1,2,4,8' },
    idle: { type: 'string', default: '60' },
  },
});
const [what = 'restore', ...others] = positionals;
if (!['restore', 'supervise'].includes(what) || others.length > 0) throw new Error('Say restore, or supervise.');
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number, at least 1.');
const build = parseBuild(values.build);
const counts = values.accounts.split(',').map(Number);
if (!counts.every((count) => Number.isInteger(count) && count >= 1 && count <= 10)) {
  throw new Error('--accounts is whole numbers from 1 to 10, with commas between.');
}
const idleSeconds = Number(values.idle);
if (!(idleSeconds >= 1)) throw new Error('--idle is a number of seconds, at least 1.');

const library = createRequire(import.meta.url)('whatsapp-web.js/package.json') as { version: string };
const configured = process.env['PUPPETEER_EXECUTABLE_PATH']?.trim();
const executablePath = await ensureBrowser({
  configuredPath: configured === undefined || configured === '' ? undefined : resolve(configured),
  report: console.log,
});

const section = await (what === 'restore' ? restore() : supervise());
console.log(`\n${section}`);
const resultsPath = fileURLToPath(new URL('results.md', import.meta.url));
const results = replaceSection(await readFile(resultsPath, 'utf8'), section);
await writeFile(resultsPath, await format(results, { parser: 'markdown' }));

async function restore(): Promise<string> {
  const circumstances = describe(`--rounds ${rounds} --build ${build}`);
  console.log(`Cold restore, ${rounds} rounds each.`);
  const measured = await measureColdRestore({ rounds, executablePath, build, report: console.log });
  return reportColdRestore(measured, build, circumstances);
}

async function supervise(): Promise<string> {
  const circumstances = describe(`supervise --accounts ${counts.join()} --idle ${idleSeconds}`);
  console.log(`One supervisor with ${counts.join(', ')} accounts, idle for ${idleSeconds} s each time.`);
  const measured = await measureSupervision({ counts, idleSeconds, executablePath, report: console.log });
  return reportSupervision(measured, idleSeconds, circumstances);
}

function describe(words: string): Circumstances {
  return {
    command: `npm run bench -- ${words}`,
    date: new Date(),
    browserVersion: execFileSync(executablePath, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim(),
    libraryVersion: library.version,
    load: currentLoad(),
  };
}

function parseBuild(text: string): 'current' | 'legacy' {
  if (text !== 'current' && text !== 'legacy') throw new Error('--build is current or legacy.');
  return text;
}
