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
