import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startSandbox } from '../sandbox/index.js';
import type { Browsers } from './browsers.js';
import { accountNumber, readTreeBytes, useLinkedAccount } from './linked-account.js';
import { readMemory } from './process-cost.js';
import { startPlain } from './start-plain.js';

/** PSS of all processes of the browser, in bytes; an entry for each round. */
export interface BrowserMemory {
  readonly plain: readonly number[];
  /** In the same browser. */
  readonly wasup: readonly number[];
  /** In the one that wasup takes by itself, where that is another one. */
  readonly wasupOwn: readonly number[];
}

export interface BrowserMemoryOptions {
  readonly rounds: number;
  readonly browsers: Browsers;
  readonly report: (line: string) => void;
}

/** What belongs to the start goes on for a while: caches are written, spare processes are started. */
const settleMs = 10_000;
const history = { chats: 20, messages: 200 };

/** The same page in both browsers, one after the other, taking turns at being first: PSS shares out what two browsers have in common. */
export async function measureBrowserMemory(options: BrowserMemoryOptions): Promise<BrowserMemory> {
  const { rounds, browsers, report } = options;
  const { own, ordinary } = browsers;
  const plain: number[] = [];
  const wasup: number[] = [];
  const wasupOwn: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const turns = [
      async () => plain.push(await measurePlain(ordinary)),
      async () => wasup.push(await measureWasup(ordinary)),
      ...(own === ordinary ? [] : [async () => wasupOwn.push(await measureWasup(own))]),
    ];
    for (const turn of round % 2 === 1 ? turns : turns.reverse()) await turn();
    report(`round ${round} of ${rounds}: plain ${megabytes(plain.at(-1))}, wasup ${megabytes(wasup.at(-1))}`);
  }
  return { plain, wasup, wasupOwn };
}

function measureWasup(executablePath: string): Promise<number> {
  return useLinkedAccount({ executablePath }, async (account) => {
    const { browserPid } = await account.listening();
    account.phone.seedHistory(history);
    await sleep(settleMs);
    return readTreeBytes(browserPid);
  });
}

async function measurePlain(executablePath: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'wasup-bench-'));
  const sandbox = await startSandbox({ autoLink: { number: accountNumber } });
  try {
    await mkdir(join(folder, 'working-directory'));
    const plain = startPlain({ folder, sandbox, executablePath });
    try {
      await plain.line(({ event }) => event === 'ready');
      sandbox.phone(accountNumber).seedHistory(history);
      await sleep(settleMs);
      return (await readTreeBytes(plain.pid)) - readMemory(plain.pid).pssBytes;
    } finally {
      await plain.stop();
    }
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

function megabytes(bytes = NaN): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}
