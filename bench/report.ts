import { cpus, loadavg, totalmem, type } from 'node:os';

import type { ColdRestore } from './cold-restore.js';
import { median } from './statistics.js';

export interface Circumstances {
  readonly command: string;
  readonly date: Date;
  readonly browserVersion: string;
  readonly libraryVersion: string;
  /** The machine's load before the first round. A busy machine makes ratios of small differences meaningless. */
  readonly load: number;
}

export function describeMachine(): string {
  const [first] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${first?.model.trim() ?? 'unknown processor'}, ${gigabytes} GB, ${type()}`;
}

export function currentLoad(): number {
  return loadavg()[0] ?? NaN;
}

/** What a reader needs to believe the figures, or to repeat them. */
export function describeCircumstances(circumstances: Circumstances): string[] {
  return [
    `\`${circumstances.command}\`, ${circumstances.date.toISOString().slice(0, 16).replace('T', ' ')} UTC.`,
    `${describeMachine()}; load ${circumstances.load.toFixed(1)} before the first round.`,
    `Node ${process.version}, ${circumstances.browserVersion}, whatsapp-web.js ${circumstances.libraryVersion}.`,
  ];
}

export function reportColdRestore({ plain, wasup }: ColdRestore, build: string, circumstances: Circumstances): string {
  const rows = [
    row(
      'process spawned → ready / listening',
      plain.map(({ fromSpawn }) => fromSpawn),
      wasup.map(({ fromSpawn }) => fromSpawn),
    ),
    row(
      '`initialize()` → ready / account started → listening',
      plain.map(({ fromInitialize }) => fromInitialize),
      wasup.map(({ fromStart }) => fromStart),
    ),
    row(
      'worker assigned to the running browser → listening',
      undefined,
      wasup.map(({ fromAssign }) => fromAssign),
    ),
  ];
  return [
    '## Cold restore',
    '',
    ...describeCircumstances(circumstances),
    '',
    `${plain.length} rounds each, taking turns, on the emulated page (build \`${build}\`): no browser runs, the login is`,
    'stored in the profile. Real WhatsApp takes seconds for what the emulated page does in milliseconds; the difference',
    'between the two sides is what the figures are about. Milliseconds.',
    '',
    '| from → to | plain p50 | plain max | wasup p50 | wasup max | wasup / plain (p50) |',
    '| --- | --: | --: | --: | --: | --: |',
    ...rows,
    '',
    '- *plain*: one Node process with the library, `LocalAuth`, default settings; *ready* is its `ready` event.',
    '- *wasup*: `node supervisor`, which starts worker and browser; *listening* is verified: connected, synced, listeners',
    '  attached, identity known.',
    '- *account started*: the supervisor has loaded its code, read the configuration and found the browser. In the second',
    '  row the plain library has its modules loaded already, the worker of wasup has not.',
    '',
    'Where the time of wasup goes (p50, from the start of the account on):',
    '',
    ...list(medians(wasup.map(({ steps }) => steps))),
    '',
    'Phases of the worker after its assignment (p50):',
    '',
    ...list(medians(wasup.map(({ phases }) => phases))),
    '',
  ].join('\n');
}

function row(name: string, plain: readonly number[] | undefined, wasup: readonly number[]): string {
  const ratio = plain === undefined ? '' : (median(wasup) / median(plain)).toFixed(2);
  const figures = [...(plain === undefined ? ['', ''] : both(plain)), ...both(wasup), ratio];
  return `| ${[name, ...figures].join(' | ')} |`;
}

function both(values: readonly number[]): string[] {
  return [median(values), Math.max(...values)].map((value) => String(Math.round(value)));
}

function medians(records: readonly Readonly<Record<string, number>>[]): [string, number][] {
  const names = new Set(records.flatMap((record) => Object.keys(record)));
  return [...names].map((name) => [name, median(records.flatMap((record) => record[name] ?? []))]);
}

function list(entries: readonly (readonly [string, number])[]): string[] {
  return entries.map(([name, value]) => `- ${name}: ${Math.round(value)} ms`);
}
