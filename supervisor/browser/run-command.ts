import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { describeError } from '../../shared/errors.js';

export interface RunOptions {
  /** After this the command is ended, politely first. */
  readonly deadlineMs: number;
  /** Gets the newest line of output, at most every five seconds, and a sign of life when there is none. */
  readonly report?: (line: string) => void;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs a command to its end; resolves with undefined, or with one line that says why it failed. Never rejects. */
export type RunCommand = (
  command: string,
  words: readonly string[],
  options: RunOptions,
) => Promise<string | undefined>;

const reportIntervalMs = 5000;

export const runCommand: RunCommand = async (command, words, options) => {
  try {
    return await runToItsEnd(command, words, options);
  } catch (error) {
    return describeError(error);
  }
};

const runToItsEnd: RunCommand = async (command, words, { deadlineMs, report, environment = {} }) => {
  const startedAt = performance.now();
  const subprocess = execa(command, words, {
    // `puppeteer` is in the node_modules/.bin of this package, or of the one that depends on it.
    preferLocal: true,
    localDir: import.meta.dirname,
    env: environment,
    stdin: 'ignore',
    all: true,
    reject: false,
    timeout: deadlineMs,
    forceKillAfterDelay: 5000,
  });
  let newestLine: string | undefined;
  subprocess.all.on('data', (chunk: Buffer) => {
    newestLine = lastLine(chunk.toString()) ?? newestLine;
  });
  const ticking = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    report?.(`  ${newestLine ?? 'still working'} (${seconds} s)`);
    newestLine = undefined;
  }, reportIntervalMs);
  try {
    const result = await subprocess;
    if (!result.failed) return undefined;
    if (result.timedOut) return `not done after ${Math.round(deadlineMs / 1000)} s`;
    return explain(result.all) ?? result.shortMessage;
  } finally {
    clearInterval(ticking);
  }
};

/**
 * The line that says most: the first that names an error, without the stack below it; else the last one.
 * @param output undefined, whatever its declaration says, when the command couldn't even be tried (too many words, no memory).
 */
function explain(output: string | undefined): string | undefined {
  const lines = linesOf(output ?? '');
  const index = lines.findIndex((line) => /^(E: |error\b|\w*Error:)|error while loading/i.test(line));
  if (index < 0) return lines.at(-1);
  // puppeteer's error is a headline; the reason follows as a list.
  const reasons = lines.slice(index + 1).filter((line) => line.startsWith('- '));
  return [lines[index], ...reasons.slice(0, 1)].join(' ');
}

function lastLine(output: string): string | undefined {
  return linesOf(output).at(-1);
}

function linesOf(output: string): string[] {
  return stripVTControlCharacters(output)
    .split(/[\r\n]+/)
    .map((line) => line.trim().slice(0, 200))
    .filter((line) => line !== '');
}
