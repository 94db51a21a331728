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

/**
 * The process that draws a browser's page: Chromium keeps a spare one beside it, which has done nothing yet. Linux only.
 *
 * @throws Error when there is none.
 */
export function findRenderer(browserPid: number): number {
  const [busiest] = findRenderers(browserPid).sort((one, other) => cpuTicks(other) - cpuTicks(one));
  if (busiest === undefined) throw new Error(`Browser ${browserPid} has no renderer.`);
  return busiest;
}

/** The process of a browser's page, and the spare one beside it. Linux only. */
export function findRenderers(browserPid: number): number[] {
  return readProcessFiles()
    .filter(({ pid, commandLine }) => commandLine.includes('--type=renderer') && groupOf(pid) === browserPid)
    .map(({ pid }) => pid);
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
  return statOf(pid)[0] === 'Z';
}

function groupOf(pid: number): number {
  return Number(statOf(pid)[2]);
}

/** In user and in system mode together. */
function cpuTicks(pid: number): number {
  const [user = '0', system = '0'] = statOf(pid).slice(11, 13);
  return Number(user) + Number(system);
}

/** State, parent, group and what follows. */
function statOf(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`);
  // The name before it may hold anything, also parentheses.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Empty for a process that has gone, is a zombie or belongs to somebody else. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
