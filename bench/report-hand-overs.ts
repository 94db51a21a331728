import type { BrowserMemory } from './browser-memory.js';
import type { KilledWriter } from './killed-writers.js';
import type { ReloadGap, ReloadKind } from './reload-gap.js';
import { type Circumstances, describeCircumstances } from './report.js';
import { median, quantile } from './statistics.js';
import type { WorkerKills } from './worker-kills.js';

export function reportWorkerKills(measured: readonly WorkerKills[], circumstances: Circumstances): string {
  return [
    '## Killed workers',
    '',
    ...describeCircumstances(circumstances),
    '',
    'The worker is killed with SIGKILL. In the same moment somebody writes `!ping`, and again every 100 ms until an answer comes, on the',
    'emulated page. Milliseconds from the kill to the first answer; _usual_ is a message without a kill. Memory is with the garbage that',
    'the page has not collected yet: the more messages, the more of it.',
    '',
    '| standby | kills | answered p50 | p99 | max | usual p50 | messages | not answered exactly once | listeners in the page | browser (PSS) |',
    '| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |',
    ...measured.map(({ standby, answeredMs, usualMs, messages, wronglyAnswered, listeners, browserBytes }) =>
      line([
        standby ? 'yes' : 'no',
        answeredMs.length,
        ...[median(answeredMs), quantile(answeredMs, 0.99), Math.max(...answeredMs), median(usualMs)].map(Math.round),
        messages,
        wronglyAnswered,
        listeners.join(' → '),
        `${browserBytes.map(megabytes).join(' → ')} MB`,
      ]),
    ),
    '',
  ].join('\n');
}

export function reportKilledWriters(measured: readonly KilledWriter[], circumstances: Circumstances): string {
  return [
    '## Killed browsers',
    '',
    ...describeCircumstances(circumstances),
    '',
    'Chromium is killed with SIGKILL 0.3 to 2.8 s after its page has begun to write into IndexedDB as fast as it can, in two transactions at',
    'a time, and started again on the same profile, with wasup mending the database before each start and without; taking turns. A lost',
    'database is one that was empty at the next start.',
    '',
    '| the database is mended | kills | databases lost | mended |',
    '| --- | --: | --: | --: |',
    ...measured.map(({ mends, kills, lost, mended }) => line([mends ? 'yes' : 'no', kills, lost, mended])),
    '',
  ].join('\n');
}

const reloadNames: Readonly<Record<ReloadKind, string>> = {
  restart: '`restart` of the control API',
  save: 'the bot is saved (`npm run dev`)',
};

export function reportReloadGaps(measured: readonly ReloadGap[], circumstances: Circumstances): string {
  return [
    '## Reloads',
    '',
    ...describeCircumstances(circumstances),
    '',
    'The worker is replaced while somebody writes `!ping` every 100 ms, on the emulated page. The gap is the longest time from a message',
    'to its answer, less the usual one. Milliseconds.',
    '',
    '| what | reloads | gap p50 | gap max | usual p50 | until the new worker listens p50 | messages | not answered exactly once |',
    '| --- | --: | --: | --: | --: | --: | --: | --: |',
    ...measured.map(({ kind, gapsMs, usualMs, untilNewMs, messages, wronglyAnswered }) =>
      line([
        reloadNames[kind],
        gapsMs.length,
        ...[median(gapsMs), Math.max(...gapsMs), usualMs, median(untilNewMs)].map(Math.round),
        messages,
        wronglyAnswered,
      ]),
    ),
    '',
  ].join('\n');
}

export function reportBrowserMemory({ plain, wasup, wasupOwn }: BrowserMemory, circumstances: Circumstances): string {
  return [
    '## Memory of the browser',
    '',
    ...describeCircumstances(circumstances),
    '',
    'PSS of all processes of the browser, 10 s after the device was linked, on the emulated page: what the library starts by default, and',
    'what wasup starts.',
    '',
    '| what | rounds | p50 | to the plain library |',
    '| --- | --: | --: | --: |',
    memoryLine('plain library', plain, plain),
    memoryLine('wasup, in the same browser', wasup, plain),
    ...(wasupOwn.length === 0 ? [] : [memoryLine('wasup, in the headless shell of that browser', wasupOwn, plain)]),
    '',
  ].join('\n');
}

function memoryLine(what: string, bytes: readonly number[], plain: readonly number[]): string {
  return line([what, bytes.length, `${megabytes(median(bytes))} MB`, (median(bytes) / median(plain)).toFixed(2)]);
}

function line(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

function megabytes(bytes: number): string {
  return String(Math.round(bytes / 2 ** 20));
}
