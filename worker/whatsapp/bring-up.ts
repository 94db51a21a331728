import { once } from 'node:events';

import type { Logger } from '../../shared/logger.js';
import type { Milestone, WorkerPhase } from '../../shared/protocol/messages.js';
import { classifyFailure } from '../classify-failure.js';
import type { AttachedClient } from './attached-client.js';
import { failureOfSilence, lookAt } from './look.js';
import type { PageEvidence } from './page-evidence.js';
import { milestoneOf, phaseAfter } from './page-progress.js';
import { isListening, type PageState } from './page-state.js';
import { type LibraryProgress, SetUpHelp } from './set-up-help.js';
import { Standstill } from './standstill.js';

/** The page is looked at this often when no event says that something has changed… */
const pollIntervalMs = 100;
/** …and this often while it only waits for a person with a phone. */
const patientPollIntervalMs = 1_000;
/** A page that doesn't sync has no reason to be busy for longer than so many looks. */
const maxMissedLooks = 2;

export interface BringUpOptions {
  readonly client: AttachedClient;
  /** Whether the page has an earlier worker's listeners in it, which are taken over. Default: false. */
  readonly takesOver?: boolean;
  readonly incarnation: number;
  readonly authTimeoutMs: number;
  /** How long a sync may stand still. A sync that advances may take as long as it needs. */
  readonly syncTimeoutMs: number;
  /** How long the page may take to answer a look. */
  readonly probeTimeoutMs: number;
  readonly log: Logger;
  /** What went wrong in the document. */
  readonly evidence: PageEvidence;
  /** Rejects as soon as the session can't come up any more (WhatsApp says unpaired, the page shows another document…). */
  readonly abandoned: Promise<never>;
  /** Whether a person is being waited for: the socket's deadlines don't apply then. */
  waitsForPerson(): boolean;
  /** Whether somebody else bounds how long the page may take to connect. */
  connectsWithoutDeadline?(): boolean;
  onProgress(reached: Milestone, phase: WorkerPhase): void;
  /** Called with each look at the page. What it throws ends the attempt. */
  onState?(state: PageState): void;
}

export interface BroughtUp {
  readonly state: PageState;
  /** Whether the library had missed the sync and was helped over it. */
  readonly healed: boolean;
}

/**
 * Injects the library into WhatsApp Web, or takes over what is there, and waits until the session is verified to listen. Looks at the page itself,
 * woken by the library's events: `ready` may come too early, twice, or never.
 *
 * @throws WorkerFailure with the class of what went wrong.
 */
export async function bringUp(options: BringUpOptions): Promise<BroughtUp> {
  const { client } = options;
  const library = { injected: false, knowsOfSync: false };
  const onAuthenticated = (): void => {
    library.knowsOfSync = true;
  };
  client.once('authenticated', onAuthenticated);
  const injection = (options.takesOver === true ? client.adopt() : client.inject()).then(() => {
    library.injected = true;
  });
  // A failed injection ends the wait; a finished one only means that the library has attached what it could so far.
  const injectionFailed = new Promise<never>((_resolve, reject) => {
    injection.catch(reject);
  });
  const controller = new AbortController();
  try {
    return await Promise.race([watch(options, library, controller.signal), injectionFailed, options.abandoned]);
  } catch (error) {
    throw classifyFailure(error);
  } finally {
    controller.abort();
    client.off('authenticated', onAuthenticated);
    options.abandoned.catch(() => undefined);
    injectionFailed.catch(() => undefined);
  }
}

async function watch(options: BringUpOptions, library: LibraryProgress, signal: AbortSignal): Promise<BroughtUp> {
  const { client, incarnation, probeTimeoutMs } = options;
  const standstill = new Standstill(options);
  const help = new SetUpHelp(options, library);
  let latest: PageState | undefined;
  let missedLooks = 0;
  try {
    for (;;) {
      const state = await lookAt(client.page, probeTimeoutMs);
      signal.throwIfAborted();
      if (state === 'silent') {
        missedLooks += 1;
        help.pauseFor(probeTimeoutMs);
        await refuseSilence(missedLooks, latest, options);
        signal.throwIfAborted();
        continue;
      }
      missedLooks = 0;
      if (state !== undefined) {
        latest = state;
        options.onState?.(state);
        const milestone = milestoneOf(state, incarnation);
        options.onProgress(milestone, options.waitsForPerson() ? 'linking' : phaseAfter[milestone]);
        if (isListening(state, incarnation)) return { state, healed: help.given };
        standstill.refuse(state, milestone);
        help.consider(state);
      }
      await changeOrTick(client, options.waitsForPerson() ? patientPollIntervalMs : pollIntervalMs, signal);
    }
  } finally {
    standstill.close();
  }
}

/**
 * The page of a big account may be busy with its sync for much longer than a look may take: it has as long as a sync
 * may stand still.
 */
async function refuseSilence(missed: number, latest: PageState | undefined, options: BringUpOptions): Promise<void> {
  const { client, probeTimeoutMs, syncTimeoutMs } = options;
  const silentMs = missed * probeTimeoutMs;
  const syncs = latest?.socket === 'PAIRING' || latest?.socket === 'CONNECTED';
  if (syncs ? silentMs < syncTimeoutMs : missed < maxMissedLooks) return;
  throw await failureOfSilence(client.page, silentMs, probeTimeoutMs);
}

async function changeOrTick(client: AttachedClient, tickMs: number, signal: AbortSignal): Promise<void> {
  const tick = new AbortController();
  const waits = ['ready', 'authenticated', 'change_state'].map((event) =>
    once(client, event, { signal: tick.signal }).catch(() => undefined),
  );
  const timer = setTimeout(() => tick.abort(), tickMs);
  const abort = (): void => tick.abort();
  signal.addEventListener('abort', abort, { once: true });
  await Promise.race(waits);
  clearTimeout(timer);
  signal.removeEventListener('abort', abort);
  tick.abort();
}
