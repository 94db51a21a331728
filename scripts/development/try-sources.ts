import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Loading takes a second or two; on a machine that compiles something beside it, some more. */
const deadlineMs = 60_000;

export interface Trial {
  /** Undefined when everything could be loaded; otherwise what went wrong, for people. */
  readonly problem: Promise<string | undefined>;
  /** The outcome is of no use any more. */
  abandon(): void;
}

/** Loads the sources as they are now in a process that is thrown away. */
export function trySources(): Trial {
  const program = fileURLToPath(new URL('load-sources.ts', import.meta.url));
  const subprocess = spawn(process.execPath, [...process.execArgv, program], {
    // Ctrl-C is for this process to pass on, or not.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kill = (): void => void subprocess.kill('SIGKILL');
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    kill();
  }, deadlineMs);
  let errorOutput = '';
  subprocess.stderr.setEncoding('utf8').on('data', (text: string) => (errorOutput += text));
  const problem = new Promise<string | undefined>((resolve) => {
    subprocess.once('error', ({ message }) => resolve(`Node could not be started: ${message}`));
    subprocess.once('close', (code) => {
      if (isLate)
        resolve(`Loading was not over after ${deadlineMs / 1_000} s: something waits at the top of a module.`);
      else resolve(code === 0 ? undefined : readableError(errorOutput));
    });
  });
  return { problem: problem.finally(() => clearTimeout(deadline)), abandon: kill };
}

/** What Node writes about an error without its own frames: what, in which file, in which line. Pure. */
export function readableError(output: string): string {
  const noise = /^\s+at .*(node:|node_modules)|^node:|^Node\.js v|^\s+(throw |triggerUncaughtException)|^\s*\^\s*$/;
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !noise.test(line));
  return lines.length === 0 ? 'It ended without saying why.' : lines.slice(0, mostLines).join('\n');
}

const mostLines = 12;
