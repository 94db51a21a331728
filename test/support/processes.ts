import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface LivingProcess {
  readonly pid: number;
  readonly commandLine: string;
}

/** Processes whose command line or environment holds this text: a worker says the folder only in its environment. */
export function findProcesses(text: string): LivingProcess[] {
  const all = process.platform === 'linux' ? readProcessFiles() : listProcesses();
  return all
    .filter(
      ({ pid, commandLine, environment }) => pid !== process.pid && `${commandLine}\n${environment}`.includes(text),
    )
    .map(({ pid, commandLine }) => ({ pid, commandLine }));
}

/** Whether there is such a process and it is more than a zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return process.platform !== 'linux' || !isZombie(pid);
}

interface DescribedProcess extends LivingProcess {
  readonly environment: string;
}

function readProcessFiles(): DescribedProcess[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.map((pid) => ({
    pid: Number(pid),
    commandLine: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim(),
    environment: read(`/proc/${pid}/environ`),
  }));
}

function listProcesses(): DescribedProcess[] {
  const table = execFileSync('ps', ['-Eaxww', '-o', 'pid=,command='], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return table.split('\n').map((line) => {
    const [, pid = '0', commandLine = ''] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return { pid: Number(pid), commandLine, environment: '' };
  });
}

function isZombie(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  // The name before it may hold anything, also parentheses.
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}

/** Empty for a process that has gone, is a zombie or belongs to somebody else. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
