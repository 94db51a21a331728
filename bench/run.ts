import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { format } from 'prettier';

import { measureBrowserMemory } from './browser-memory.js';
import { findBenchBrowsers } from './browsers.js';
import { measureBursts } from './bursts.js';
import { measureCatchUp } from './catch-up.js';
import { measureColdRestore } from './cold-restore.js';
import { measureKilledWriters } from './killed-writers.js';
import { measureMessageLatency } from './message-latency.js';
import { measureReloadGap } from './reload-gap.js';
import { type Circumstances, currentLoad, reportColdRestore } from './report.js';
import { reportBrowserMemory, reportKilledWriters, reportReloadGaps, reportWorkerKills } from './report-hand-overs.js';
import { reportBursts } from './report-bursts.js';
import { reportMessages } from './report-messages.js';
import { reportSupervision } from './report-supervision.js';
import { replaceSection } from './results-file.js';
import { measureSupervision } from './supervise.js';
import { measureWorkerKills } from './worker-kills.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '10' },
    build: { type: 'string', default: 'current' },
    accounts: { type: 'string', default: '1,2,4,8' },
    idle: { type: 'string', default: '60' },
    kills: { type: 'string', default: '50' },
    reloads: { type: 'string', default: '10' },
    journaled: { type: 'string', default: '20000' },
    messages: { type: 'string', default: '1000' },
    missed: { type: 'string', default: '1000' },
    burst: { type: 'string', default: '1000' },
  },
});
const benchmarks = { restore, supervise, kills, 'browser-kills': browserKills, reload, memory, messages, burst };
const [what = 'restore', ...others] = positionals;
if (!isBenchmark(what) || others.length > 0) throw new Error(`Say one of ${Object.keys(benchmarks).join(', ')}.`);
const rounds = parseCount('rounds');
const killCount = parseCount('kills');
const reloadCount = parseCount('reloads');
const journaled = parseCount('journaled');
const messageCount = parseCount('messages');
const missed = parseCount('missed');
const burstSize = parseCount('burst');
const build = parseBuild(values.build);
const counts = values.accounts.split(',').map(Number);
if (!counts.every((count) => Number.isInteger(count) && count >= 1 && count <= 10)) {
  throw new Error('--accounts is whole numbers from 1 to 10, with commas between.');
}
const idleSeconds = Number(values.idle);
if (!(idleSeconds >= 1)) throw new Error('--idle is a number of seconds, at least 1.');

const library = createRequire(import.meta.url)('whatsapp-web.js/package.json') as { version: string };
// Both sides have the same one wherever they are compared, except for its memory.
const browsers = await findBenchBrowsers();
const executablePath = browsers.ordinary;

const section = await benchmarks[what]();
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

async function kills(): Promise<string> {
  const circumstances = describe(`kills --kills ${killCount}`);
  const measured = [];
  for (const standby of [true, false]) {
    console.log(`${killCount} kills of the worker ${standby ? 'with' : 'without'} a standby.`);
    measured.push(await measureWorkerKills({ standby, kills: killCount, executablePath, report: console.log }));
  }
  return reportWorkerKills(measured, circumstances);
}

async function browserKills(): Promise<string> {
  const circumstances = describe(`browser-kills --kills ${killCount}`);
  console.log(`${killCount} kills of a browser that writes, with and without a look at its database afterwards.`);
  return reportKilledWriters(
    await measureKilledWriters({ kills: killCount, executablePath, report: console.log }),
    circumstances,
  );
}

async function reload(): Promise<string> {
  const circumstances = describe(`reload --reloads ${reloadCount}`);
  const measured = [];
  for (const kind of ['restart', 'save'] as const) {
    console.log(`${reloadCount} reloads: ${kind}.`);
    measured.push(await measureReloadGap({ kind, reloads: reloadCount, executablePath, report: console.log }));
  }
  return reportReloadGaps(measured, circumstances);
}

async function memory(): Promise<string> {
  const circumstances = describe(`memory --rounds ${rounds}`);
  return reportBrowserMemory(await measureBrowserMemory({ rounds, browsers, report: console.log }), circumstances);
}

async function messages(): Promise<string> {
  const circumstances = describe(
    `messages --journaled ${journaled} --messages ${messageCount} --missed ${missed} --rounds ${rounds}`,
  );
  console.log(`${journaled} messages into an inbox.`);
  // With the library, which nothing else in this process needs.
  const { measureMessageIntake } = await import('./message-intake.js');
  const intake = await measureMessageIntake(journaled);
  console.log(`${messageCount} messages on each side to the handler.`);
  const latency = await measureMessageLatency({ messages: messageCount, executablePath, report: console.log });
  console.log(`${missed} missed messages, ${rounds} rounds.`);
  const catchUp = await measureCatchUp({ missed, rounds, executablePath, report: console.log });
  return reportMessages({ intake, latency, catchUp, missed }, circumstances);
}

async function burst(): Promise<string> {
  const circumstances = describe(`burst --burst ${burstSize} --rounds ${rounds}`);
  console.log(`${burstSize} messages at once, ${rounds} rounds on each side.`);
  const measured = await measureBursts({ messages: burstSize, rounds, executablePath, report: console.log });
  return reportBursts(measured, burstSize, circumstances);
}

function isBenchmark(word: string): word is keyof typeof benchmarks {
  return Object.hasOwn(benchmarks, word);
}

function parseCount(name: 'rounds' | 'kills' | 'reloads' | 'journaled' | 'messages' | 'missed' | 'burst'): number {
  const count = Number(values[name]);
  if (!Number.isInteger(count) || count < 1) throw new Error(`--${name} is a whole number, at least 1.`);
  return count;
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
