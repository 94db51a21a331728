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

/** Whether `event` happens within `timeoutMs`. */
export async function within(event: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const result = await Promise.race([event.then(() => true), expired]);
  clearTimeout(timer);
  return result;
}
