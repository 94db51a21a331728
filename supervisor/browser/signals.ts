/**
 * @param id a process, or, negative, a process group.
 * @param name 0 only asks.
 * @returns false if there is nobody to get it.
 */
export function signalProcess(id: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(id, name);
  } catch {
    return false;
  }
}

/** Whether a process has this number, whoever it belongs to. A zombie counts. */
export function isThere(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
