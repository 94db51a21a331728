import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { type Phone, type Sandbox, startSandbox } from '../sandbox/index.js';
import { readDeviceStatus } from '../shared/device-status.js';
import { sessionPaths } from '../shared/paths.js';
import { readTreeMemory } from '../supervisor/memory/read-tree-memory.js';
import { MeasuredProcess, withoutOurs } from './measured-process.js';

export const accountNumber = '12025550130';
const contactNumber = '12025550131';

export interface SupervisorOptions {
  readonly executablePath: string;
  /** Beside the account, its folder and the way to the sandbox. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The supervisor's command line. Default: as `node supervisor`. */
  readonly words?: readonly string[];
  /** Default: an empty folder. */
  readonly workingDirectory?: string;
}

export interface LinkedAccount {
  readonly phone: Phone;
  readonly supervisor: MeasuredProcess;
  readonly folder: string;
  /** Resolves with its processes when it listens, in another worker than the one that is named. */
  listening(earlierWorkerPid?: number): Promise<Processes>;
}

export interface Processes {
  readonly workerPid: number;
  readonly browserPid: number;
}

const listenTimeoutMs = 60_000;
const lookIntervalMs = 10;

/** Runs the work against a supervisor of one account that was linked just now, and ends everything. */
export async function useLinkedAccount<Result>(
  options: SupervisorOptions,
  work: (account: LinkedAccount) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'wasup-bench-'));
  const sandbox = await startSandbox({ autoLink: { number: accountNumber } });
  try {
    await mkdir(join(folder, 'working-directory'));
    const supervisor = startSupervisor({ folder, sandbox }, options);
    try {
      return await work({
        phone: sandbox.phone(accountNumber),
        supervisor,
        folder,
        listening: (earlierWorkerPid) => untilListening(folder, supervisor, earlierWorkerPid),
      });
    } finally {
      await supervisor.stop();
    }
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** @param stage has a folder `working-directory`, and gets one for the sessions. */
export function startSupervisor(
  { folder, sandbox }: { readonly folder: string; readonly sandbox: Sandbox },
  { executablePath, environment = {}, words = [supervisorEntry()], workingDirectory }: SupervisorOptions,
): MeasuredProcess {
  return new MeasuredProcess(words, {
    environment: {
      ...withoutOurs(),
      WASUP_ACCOUNTS: accountNumber,
      WASUP_SESSIONS_DIR: join(folder, 'sessions'),
      WASUP_HTTP_PORT: '0',
      WASUP_BROWSER_ARGS: JSON.stringify(sandbox.browserArguments),
      PUPPETEER_EXECUTABLE_PATH: executablePath,
      WASUP_LOG_FORMAT: 'json',
      ...environment,
    },
    workingDirectory: workingDirectory ?? join(folder, 'working-directory'),
  });
}

/** A message that was sent to the bot. */
export interface Question {
  readonly id: string;
  /** How long its answer took, in ms; undefined when none came within {@link answerTimeoutMs}. */
  readonly answered: Promise<number | undefined>;
}

export const answerTimeoutMs = 10_000;

/** @param from another person's number, in a chat of its own: what the library makes of a message takes longer in a chat that has many. */
export async function ask(phone: Phone, from: string = contactNumber): Promise<Question> {
  const sentAtMs = performance.now();
  const { id } = await phone.receiveText({ from, body: '!ping' });
  const answered = phone
    .waitForSent(({ quotedMessageId }) => quotedMessageId === id, { timeoutMs: answerTimeoutMs })
    .then(
      () => performance.now() - sentAtMs,
      () => undefined,
    );
  return { id, answered };
}

/** How many of these were not answered exactly once. */
export function countWrongAnswers(phone: Phone, questions: readonly Pick<Question, 'id'>[]): number {
  const answers = new Map<string, number>();
  for (const { quotedMessageId: id = '' } of phone.sent) answers.set(id, (answers.get(id) ?? 0) + 1);
  return questions.filter(({ id }) => answers.get(id) !== 1).length;
}

/** PSS of a process and all that it has started, in bytes. */
export async function readTreeBytes(root: number): Promise<number> {
  const memory = await readTreeMemory([root]);
  if (memory === undefined) throw new Error('Memory can be measured on Linux only.');
  return memory.bytes;
}

/** The supervisor's answer to a request, as any tool would make it. */
export async function request({ supervisor, folder }: LinkedAccount, path: string): Promise<void> {
  const address = /Dashboard and control API: (http:\S+)/;
  const { record } = await supervisor.line(({ msg }) => typeof msg === 'string' && address.test(msg));
  const [, url = ''] = address.exec(String(record['msg'])) ?? [];
  const token = (await readFile(join(folder, 'sessions', '.http-token'), 'utf8')).trim();
  const answer = await fetch(new URL(path, url), { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}: ${await answer.text()}`);
}

function supervisorEntry(): string {
  return fileURLToPath(new URL('../supervisor/index.js', import.meta.url));
}

/** Resolves with the account's processes when it listens, in another worker than the earlier one. */
export async function untilListening(
  folder: string,
  supervisor: MeasuredProcess,
  earlier?: number,
): Promise<Processes> {
  const { deviceStatus } = sessionPaths(join(folder, 'sessions'), accountNumber);
  const deadline = performance.now() + listenTimeoutMs;
  while (performance.now() < deadline) {
    const { status } = await readDeviceStatus(deviceStatus, accountNumber);
    const { isActive, state, workerPid, browserPid } = status;
    const isUp = isActive && state === 'listening' && workerPid !== earlier;
    if (isUp && workerPid !== null && browserPid !== null) return { workerPid, browserPid };
    await sleep(lookIntervalMs);
  }
  const said = supervisor.lines.slice(-10).map(({ record }) => JSON.stringify(record));
  throw new Error(`The account does not listen. The end of what the supervisor said:\n${said.join('\n')}`);
}

/** The bot that tells of each message (`handled-messages.ts`). */
export function notingBot(): string {
  return fileURLToPath(new URL('noting-bot.js', import.meta.url));
}
