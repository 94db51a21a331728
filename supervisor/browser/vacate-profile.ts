import { setTimeout as delay } from 'node:timers/promises';
import { BrowserStartError } from './browser-start-error.js';
import { findOtherSupervisor } from './find-other-supervisor.js';
import { untilStopped } from './profile-holders.js';
import { isStillRunning, type ProcessIdentity } from '../../shared/process-stat.js';
import { type BrowserProcesses, findBrowserProcesses } from './profile-processes.js';
import { stillThere } from './stop-browser.js';

type Step = 'wait' | 'go-on' | 'terminate' | 'kill';

/** What to do with a browser that is still on the profile, and for how long to wait then. */
const ladder: readonly { readonly step: Step; readonly waitMs: number }[] = [
  // One whose supervisor has just died is leaving; measured: 0.1 s. So is one whose supervisor makes room for us.
  { step: 'wait', waitMs: 1_000 },
  // One that was stopped hasn't seen yet that its supervisor has died. Nobody else is waited for. Long, since a SIGTERM to one that is
  // leaving would make it drop what it hasn't saved.
  { step: 'go-on', waitMs: 3_000 },
  { step: 'terminate', waitMs: 5_000 },
  { step: 'kill', waitMs: 2_000 },
];

const lookIntervalMs = 20;
/** However long a look took, no more than this of it was the browser's: the machine may have stood still. */
const longestLookMs = 250;

export interface VacateOptions {
  /** A browser that is known to be of an earlier life: it is ended with its process group, whatever its command line says. */
  readonly known?: ProcessIdentity;
  /** Aborted: whoever is there is left as it is. */
  readonly signal?: AbortSignal;
}

/**
 * Sees to it that no browser of an earlier life is on the profile. One that belongs to another living supervisor is left alone.
 * Without `/proc` it only waits for our own stops; Chromium's lock then has the last word.
 * @returns whether there was one.
 * @throws BrowserStartError if another supervisor holds the profile, WasupError if a process survives SIGKILL, the signal's reason
 *   when it is aborted.
 */
export async function vacateProfile(profileDirectory: string, { known, signal }: VacateOptions = {}): Promise<boolean> {
  await untilStopped(profileDirectory);
  let left: readonly number[] = [];
  let wasThere = false;
  for (const { step, waitMs } of ladder) {
    let leftMs = waitMs;
    let before = performance.now();
    let acted = false;
    do {
      signal?.throwIfAborted();
      const found = await find(profileDirectory, known);
      left = found === undefined ? [] : [...new Set([...found.profile, ...found.group])];
      if (found === undefined || left.length === 0) return wasThere;
      wasThere = true;
      if (step === 'go-on' && found.stopped.length === 0) break;
      // SIGTERM once only: a second one makes Chromium drop everything.
      if (step !== 'wait') await act(step, profileDirectory, found, left, acted);
      acted = true;
      await delay(lookIntervalMs);
      const now = performance.now();
      leftMs -= Math.min(now - before, longestLookMs);
      before = now;
    } while (leftMs > 0);
  }
  throw stillThere(left, profileDirectory);
}

/** The group of a leader that has gone may be a stranger's by now: then only what is on the profile counts. */
async function find(
  profileDirectory: string,
  known: ProcessIdentity | undefined,
): Promise<BrowserProcesses | undefined> {
  const found = await findBrowserProcesses(profileDirectory, known?.pid);
  if (found === undefined) return undefined;
  if (known !== undefined && isStillRunning(known)) return { ...found, main: [...new Set([...found.main, known.pid])] };
  return { ...found, group: [], stopped: found.stopped.filter((id) => found.profile.includes(id)) };
}

async function act(
  step: Exclude<Step, 'wait'>,
  profileDirectory: string,
  found: BrowserProcesses,
  left: readonly number[],
  again: boolean,
): Promise<void> {
  if (!again) await assertNobodys(profileDirectory, found.main);
  if (step === 'kill') {
    for (const id of left) found.signal(id, 'SIGKILL');
    return;
  }
  if (step === 'terminate' && !again) {
    for (const id of found.main) found.signal(id, 'SIGTERM');
  }
  // More than once: the kernel hands a stop for a group also to a process that is being forked, but not the SIGCONT that follows.
  // Its helpers first: they save what the browser, which leaves as soon as it turns again, hands to them.
  const helpers = found.stopped.filter((id) => !found.main.includes(id));
  const directing = found.stopped.filter((id) => found.main.includes(id));
  for (const id of [...helpers, ...directing]) found.signal(id, 'SIGCONT');
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
