import { readFileSync } from 'node:fs';

/**
 * Whether the supervisor stands still by a signal (SIGSTOP): then nothing reaches the browser, and its silence says nothing
 * about it. Known on Linux only; false elsewhere.
 *
 * @param pid of the supervisor.
 */
export function isSupervisorStopped(pid = process.ppid): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // pid (name) state …; the name may hold anything, also parentheses. `t` is a stop by a debugger.
    return /^[Tt] /.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
