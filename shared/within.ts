/** Whether `event` happens within `timeoutMs`. A rejection in that time is handed on. */
export async function within(event: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([event.then(() => true), expired]);
  } finally {
    clearTimeout(timer);
  }
}
