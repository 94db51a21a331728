import { readFile, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';

import { z } from 'zod';

import { writeFileAtomically } from '../../shared/files/write-file-atomically.js';
import { describeHolder, describeOwnProcess, judgeHolder, parseLockContent } from '../lock-holder.js';

/** How long a supervisor that seems to live may take to say its number. A stopped one never does. */
const answerTimeoutMs = 1_000;
const answerSchema = z.object({ pid: z.int().positive() });

/** Who runs on a sessions folder, as far as it can be known. */
export interface RunningSupervisor {
  /** For people: `pid 123`, or more where that isn't enough to find it. */
  readonly name: string;
  /** Null where it is a number of another machine or container. */
  readonly pid: number | null;
}

/** Beside the socket: a stopped process can't be asked who it is. */
function supervisorFilePath(sessionsDirectory: string): string {
  return join(sessionsDirectory, '.supervisor.json');
}

/** A full disk is no reason not to run: whoever wants to know can ask. */
export async function writeSupervisorFile(sessionsDirectory: string): Promise<void> {
  const text = `${JSON.stringify(await describeOwnProcess())}\n`;
  await writeFileAtomically(supervisorFilePath(sessionsDirectory), text).catch(() => undefined);
}

export async function removeSupervisorFile(sessionsDirectory: string): Promise<void> {
  await rm(supervisorFilePath(sessionsDirectory), { force: true }).catch(() => undefined);
}

/**
 * Finds out whose socket it is, for one that is known to be somebody's.
 *
 * @param address of the socket, to ask its owner if the file beside it tells nothing that is true now.
 */
export async function findRunningSupervisor(
  sessionsDirectory: string,
  address: string,
): Promise<RunningSupervisor | undefined> {
  const text = await readFile(supervisorFilePath(sessionsDirectory), 'utf8').catch(() => '');
  const content = parseLockContent(text);
  if (typeof content === 'object') {
    const own = await describeOwnProcess();
    const verdict = await judgeHolder(content, own);
    if (verdict === 'alive') return { name: describeHolder(content, own), pid: content.pid };
    if (verdict === 'unknown') return { name: describeHolder(content, own), pid: null };
  }
  const pid = await askForPid(address);
  return pid === undefined ? undefined : { name: `pid ${pid}`, pid };
}

function askForPid(socketPath: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(answerTimeoutMs);
    const asked = get(
      { socketPath, path: '/healthz', signal, agent: false, headers: { host: 'wasup' } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('error', () => resolve(undefined));
        response.on('end', () => resolve(parsePid(text)));
      },
    );
    asked.on('error', () => resolve(undefined));
  });
}

function parsePid(text: string): number | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(text)).data?.pid;
  } catch {
    return undefined;
  }
}
