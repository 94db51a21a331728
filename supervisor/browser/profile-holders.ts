interface Holder {
  readonly profileDirectory: string;
}

/** The browser that was last started on a profile. */
const holders = new Map<string, Holder>();

const stops = new Map<string, Set<Promise<unknown>>>();

/** From here on `browser` is the one that the profile belongs to: a late stop of an earlier one leaves it alone. */
export function takeProfile(browser: Holder): void {
  holders.set(browser.profileDirectory, browser);
}

export function holds(browser: Holder): boolean {
  return holders.get(browser.profileDirectory) === browser;
}

/** Does `work`, a stop, which the next start on the profile waits for. Stops don't wait for each other: a second one may be harder. */
export async function whileStopping<T>(profileDirectory: string, work: () => Promise<T>): Promise<T> {
  const running = stops.get(profileDirectory) ?? new Set();
  stops.set(profileDirectory, running);
  const result = work();
  running.add(result);
  try {
    return await result;
  } finally {
    running.delete(result);
    if (running.size === 0) stops.delete(profileDirectory);
  }
}

export async function untilStopped(profileDirectory: string): Promise<void> {
  await Promise.allSettled([...(stops.get(profileDirectory) ?? [])]);
}
