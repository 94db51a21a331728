import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { type Sandbox, startSandbox } from '../sandbox/index.js';
import { readDeviceStatus } from '../shared/device-status.js';
import { sessionPaths } from '../shared/paths.js';
import { readTreeMemory } from '../supervisor/memory/read-tree-memory.js';
import { MeasuredProcess, type SaidLine } from './measured-process.js';
import { type Processor, processorSince, readMemory, readProcessor } from './process-cost.js';

/** What one supervisor and its accounts cost, a while after all had come up. */
export interface Supervision {
  readonly accounts: number;
  /** Milliseconds from the supervisor's spawn until the last account was verified to listen. All are linked already. */
  readonly untilAllListenMs: number;
  /** PSS of browser and worker together, in bytes; an entry for each account. */
  readonly treeBytes: readonly number[];
  readonly supervisorRssBytes: number;
  /** The same after it was asked for accounts and metrics: what answers is loaded with the first question. */
  readonly askedRssBytes: number;
  readonly supervisorPssBytes: number;
  /** Parts of one processor while nothing happened: 0.01 is 1 %. Of all accounts together. */
  readonly supervisorCpu: number;
  readonly workersCpu: number;
  readonly browsersCpu: number;
}

export interface SuperviseOptions {
  readonly counts: readonly number[];
  readonly idleSeconds: number;
  readonly executablePath: string;
  readonly report: (line: string) => void;
}

/** After the last one has come up, what belongs to that goes on for a while: caches are written, memory is measured a first time. */
const settleMs = 40_000;

export async function measureSupervision({
  counts,
  idleSeconds,
  executablePath,
  report,
}: SuperviseOptions): Promise<Supervision[]> {
  const measured: Supervision[] = [];
  for (const count of counts) {
    const supervision = await measureOne(count, idleSeconds, executablePath);
    measured.push(supervision);
    const { untilAllListenMs, supervisorRssBytes, supervisorCpu } = supervision;
    report(
      `${count} accounts: all listen after ${Math.round(untilAllListenMs)} ms; the supervisor takes ` +
        `${(supervisorRssBytes / 2 ** 20).toFixed(1)} MB (RSS) and ${(supervisorCpu * 100).toFixed(2)} % of a processor`,
    );
  }
  return measured;
}

interface Household {
  readonly folder: string;
  readonly sandbox: Sandbox;
  readonly numbers: readonly string[];
  readonly executablePath: string;
}

async function measureOne(count: number, idleSeconds: number, executablePath: string): Promise<Supervision> {
  const folder = await mkdtemp(join(tmpdir(), 'wasup-bench-'));
  const sandbox = await startSandbox();
  const numbers = Array.from({ length: count }, (_, index) => `1202555012${index}`);
  const household = { folder, sandbox, numbers, executablePath };
  try {
    await mkdir(join(folder, 'working-directory'));
    await useSupervisor(household, (running) => link(household, running));
    return await useSupervisor(household, async (running) => {
      let untilAllListenMs = 0;
      for (const number of numbers) {
        const { atMs } = await running.line((record) =>
          says(record, number, 'DEVICE REACTIVATED - BOT READY TO SERVE!'),
        );
        untilAllListenMs = Math.max(untilAllListenMs, atMs);
      }
      return { accounts: count, untilAllListenMs, ...(await measureIdle(household, running, idleSeconds)) };
    });
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

async function measureIdle(
  household: Household,
  running: MeasuredProcess,
  idleSeconds: number,
): Promise<Omit<Supervision, 'accounts' | 'untilAllListenMs'>> {
  await sleep(settleMs);
  const trees = await Promise.all(household.numbers.map((number) => findProcesses(household, number)));
  const groups = [[running.pid], trees.flatMap(({ worker }) => worker), trees.flatMap(({ browser }) => browser)];
  const before: Processor[] = groups.map(readProcessor);
  await sleep(idleSeconds * 1_000);
  const [supervisorCpu = NaN, workersCpu = NaN, browsersCpu = NaN] = before.map(processorSince);
  const memory = readMemory(running.pid);
  const treeBytes: number[] = [];
  for (const { worker, browser } of trees) {
    treeBytes.push((await readTreeMemory([...browser.slice(0, 1), ...worker.slice(0, 1)]))?.bytes ?? NaN);
  }
  await askOnce(household, running);
  return {
    treeBytes,
    supervisorRssBytes: memory.rssBytes,
    askedRssBytes: readMemory(running.pid).rssBytes,
    supervisorPssBytes: memory.pssBytes,
    supervisorCpu,
    workersCpu,
    browsersCpu,
  };
}

async function askOnce({ folder }: Household, running: MeasuredProcess): Promise<void> {
  const address = /Dashboard and control API: (http:\S+)/;
  const { record } = await running.line(({ msg }) => typeof msg === 'string' && address.test(msg));
  const [, url = ''] = address.exec(String(record['msg'])) ?? [];
  const token = (await readFile(join(folder, 'sessions', '.http-token'), 'utf8')).trim();
  for (const path of ['/api/accounts', '/metrics']) {
    const answer = await fetch(new URL(path, url), { headers: { authorization: `Bearer ${token}` } });
    await answer.text();
    if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}.`);
  }
}

/** The processes of an account, the roots first. */
async function findProcesses({ folder }: Household, number: string): Promise<Record<'worker' | 'browser', number[]>> {
  const { deviceStatus } = sessionPaths(join(folder, 'sessions'), number);
  const { workerPid, browserPid } = (await readDeviceStatus(deviceStatus, number)).status;
  return { worker: await treeOf(workerPid), browser: await treeOf(browserPid) };
}

async function treeOf(root: number | null): Promise<number[]> {
  if (root === null) throw new Error('An account has gone down while it was measured.');
  const processIds = (await readTreeMemory([root]))?.processIds ?? [];
  return [root, ...processIds.filter((id) => id !== root)];
}

async function link({ sandbox, numbers }: Household, running: MeasuredProcess): Promise<void> {
  await Promise.all(numbers.map((number) => sandbox.phone(number).enterPairingCode(undefined, { timeoutMs: 120_000 })));
  for (const number of numbers) {
    await running.line((record) => says(record, number, 'DEVICE LINKED - BOT READY TO SERVE!'));
  }
}

function says(record: SaidLine['record'], number: string, message: string): boolean {
  return record['msg'] === message && record['account'] === `+${number}`;
}

async function useSupervisor<Result>(
  { folder, sandbox, numbers, executablePath }: Household,
  work: (running: MeasuredProcess) => Promise<Result>,
): Promise<Result> {
  const program = fileURLToPath(new URL('../supervisor/index.js', import.meta.url));
  const foreign = /^(WASUP_|NODE_OPTIONS$)/;
  const running = new MeasuredProcess([program], {
    environment: {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
      WASUP_ACCOUNTS: numbers.join(),
      // A pairing code names the number that it is for: each phone finds its own page.
      WASUP_AUTH_METHOD: 'code',
      WASUP_SESSIONS_DIR: join(folder, 'sessions'),
      WASUP_HTTP_PORT: '0',
      WASUP_BROWSER_ARGS: JSON.stringify(sandbox.browserArguments),
      PUPPETEER_EXECUTABLE_PATH: executablePath,
      WASUP_LOG_FORMAT: 'json',
    },
    workingDirectory: join(folder, 'working-directory'),
  });
  try {
    return await work(running);
  } finally {
    await running.stop();
  }
}
