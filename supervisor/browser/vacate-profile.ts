import { setTimeout as delay } from 'node:timers/promises';
import { BrowserStartError } from './browser-start-error.js';
import { findOtherSupervisor } from './find-other-supervisor.js';
import { untilStopped } from './profile-holders.js';
import { findBrowserProcesses } from './profile-processes.js';
import { signalProcess } from './signals.js';
import { stillThere } from './stop-browser.js';

/** What to do with a browser that is still on the profile, and for how long to wait then. */
const ladder: readonly { readonly signal?: NodeJS.Signals; readonly waitMs: number }[] = [
  // One whose supervisor has just died is leaving; measured: 0.1 s. So is one whose supervisor makes room for us.
  { waitMs: 1_000 },
  { signal: 'SIGTERM', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
];

const lookIntervalMs = 20;

/**
 * Sees to it that no browser of an earlier life is on the profile. One that belongs to another living supervisor is left alone.
 * Without `/proc` it only waits for our own stops; Chromium's lock then has the last word.
 * @throws BrowserStartError if another supervisor holds the profile, WasupError if a process survives SIGKILL.
 */
export async function vacateProfile(profileDirectory: string): Promise<void> {
  await untilStopped(profileDirectory);
  let left: readonly number[] = [];
  for (const { signal, waitMs } of ladder) {
    const begin = performance.now();
    let signalled = false;
    do {
      const found = await findBrowserProcesses(profileDirectory);
      left = found?.profile ?? [];
      if (found === undefined || left.length === 0) return;
      // Once only: a second SIGTERM makes Chromium drop everything.
      if (signal !== undefined && !signalled) {
        await assertNobodys(profileDirectory, found.main);
        for (const id of signal === 'SIGTERM' ? found.main : left) signalProcess(id, signal);
      }
      signalled = true;
      await delay(lookIntervalMs);
    } while (performance.now() - begin < waitMs);
  }
  throw stillThere(left, profileDirectory);
}

async function assertNobodys(profileDirectory: string, browserIds: readonly number[]): Promise<void> {
  const supervisor = await findOtherSupervisor(browserIds);
  if (supervisor === undefined) return;
  throw new BrowserStartError(
    'profile-held',
    `Another supervisor (pid ${supervisor}) holds ${profileDirectory}; its browser was left alone.`,
    { remedy: `Stop that supervisor (kill ${supervisor}), or give this one a folder of its own (WASUP_SESSIONS_DIR).` },
  );
}
