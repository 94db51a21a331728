import { once } from 'node:events';

import type { Logger } from '../../shared/logger.js';
import type { WorkerPhase } from '../../shared/protocol/messages.js';
import { DeadlineError, withDeadline } from '../../shared/with-deadline.js';
import { classifyFailure } from '../classify-failure.js';
import { WorkerFailure } from '../worker-failure.js';
import type { AttachedClient } from './attached-client.js';
import type { WhatsAppWindow } from './page-globals.js';
import { isListening, type PageState, readPageState } from './page-state.js';

declare const window: WhatsAppWindow;

/** The page is looked at this often when no event says that something has changed… */
const pollIntervalMs = 100;
/** …and this often while it only waits for a person with a phone. */
const patientPollIntervalMs = 1_000;
/** A page that synced without telling the library is helped after so many looks that found it so. */
const looksBeforeHealing = 3;
/** A page that doesn't sync has no reason to be busy for longer than so many looks. */
const maxMissedLooks = 2;
/** After 20 s in vain OPENING becomes TIMEOUT; WhatsApp goes on trying. */
const socketsThatConnect = ['UNLAUNCHED', 'OPENING', 'TIMEOUT'];
/** How long the library may take to set itself up after it was helped, while the page answers. */
const healTimeoutMs = 10_000;

export interface BringUpOptions {
  readonly client: AttachedClient;
  readonly incarnation: number;
  readonly authTimeoutMs: number;
  /** How long a sync may stand still. A sync that advances may take as long as it needs. */
  readonly syncTimeoutMs: number;
  /** How long the page may take to answer a look. */
  readonly probeTimeoutMs: number;
  readonly log: Logger;
  /** Rejects as soon as the session can't come up any more (WhatsApp says unpaired, the page shows another document…). */
  readonly abandoned: Promise<never>;
  /** Whether a person is being waited for: the socket's deadlines don't apply then. */
  waitsForPerson(): boolean;
  onPhase(phase: WorkerPhase): void;
  /** Called with each look at the page. */
  onState?(state: PageState): void;
}

export interface BroughtUp {
  readonly state: PageState;
  /** Whether the library had missed the sync and was helped over it. */
  readonly healed: boolean;
}

/**
 * Injects the library into WhatsApp Web and waits until the session is verified to listen. Looks at the page itself,
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
  const injection = client.inject().then(() => {
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

async function watch(
  options: BringUpOptions,
  library: { readonly injected: boolean; readonly knowsOfSync: boolean },
  signal: AbortSignal,
): Promise<BroughtUp> {
  const { client, incarnation } = options;
  let percent = 0;
  const onLoading = (value: string | number): void => {
    percent = Number(value);
  };
  client.on('loading_screen', onLoading);

  let deafLooks = 0;
  let healedAt: number | undefined;
  let progress = '';
  let progressAt = performance.now();
  let latest: PageState | undefined;
  let missedLooks = 0;
  try {
    for (;;) {
      const state = await look(options);
      signal.throwIfAborted();
      if (state === 'silent') {
        missedLooks += 1;
        if (healedAt !== undefined) healedAt += options.probeTimeoutMs;
        await refuseSilence(missedLooks, latest, options);
        signal.throwIfAborted();
        continue;
      }
      missedLooks = 0;
      latest = state ?? latest;
      if (state !== undefined && isListening(state, incarnation)) return { state, healed: healedAt !== undefined };

      const now = performance.now();
      const current = JSON.stringify([state, percent, options.waitsForPerson()]);
      if (current !== progress) {
        progress = current;
        progressAt = now;
      }
      if (state !== undefined) {
        const phase = phaseOf(state, options.waitsForPerson());
        options.onPhase(phase);
        options.onState?.(state);
        refuseStandstill(phase, now - progressAt, options);
        if (isDeaf(state) && library.injected && !library.knowsOfSync) deafLooks += 1;
        else deafLooks = 0;
        if (deafLooks >= looksBeforeHealing && healedAt === undefined) {
          healedAt = now;
          options.log.info('WhatsApp had synced before the library listened; telling it again.');
          client.page.evaluate(() => window.onAppStateHasSyncedEvent?.()).catch(() => undefined);
        }
        if (healedAt !== undefined && now - healedAt > healTimeoutMs) {
          throw new WorkerFailure('TRANSIENT', 'The library could not be helped over a sync that it had missed');
        }
      }
      await changeOrTick(client, options.waitsForPerson() ? patientPollIntervalMs : pollIntervalMs, signal);
    }
  } finally {
    client.off('loading_screen', onLoading);
  }
}

/** Undefined when the page was just navigating: the next look will tell. */
async function look({ client, probeTimeoutMs }: BringUpOptions): Promise<PageState | 'silent' | undefined> {
  try {
    return await withDeadline(readPageState(client.page), probeTimeoutMs, 'Looking at the page');
  } catch (error) {
    if (error instanceof DeadlineError) return 'silent';
    const failure = classifyFailure(error);
    if (failure.class === 'TRANSIENT') return undefined;
    throw failure;
  }
}

/**
 * The page of a big account may be busy with its sync for much longer than a look may take: it has as long as a sync
 * may stand still. A page that stays silent is opened anew; a browser that is silent too has to be replaced.
 */
async function refuseSilence(missed: number, latest: PageState | undefined, options: BringUpOptions): Promise<void> {
  const { client, probeTimeoutMs, syncTimeoutMs } = options;
  const silentMs = missed * probeTimeoutMs;
  const syncs = latest?.socket === 'PAIRING' || latest?.socket === 'CONNECTED';
  if (syncs ? silentMs < syncTimeoutMs : missed < maxMissedLooks) return;
  const reason = `The page has not answered for ${silentMs} ms`;
  try {
    await withDeadline(client.page.browser().version(), probeTimeoutMs, 'Asking the browser');
  } catch (error) {
    throw new WorkerFailure('LOCAL', `${reason}, and the browser doesn't either`, { cause: error });
  }
  throw new WorkerFailure('TRANSIENT', reason);
}

function phaseOf(state: PageState, waitsForPerson: boolean): WorkerPhase {
  if (waitsForPerson) return 'linking';
  if (state.socket === null || socketsThatConnect.includes(state.socket)) return 'connecting';
  if (state.socket !== 'CONNECTED') return 'authenticating';
  if (!state.hasSynced) return 'syncing';
  return 'verifying';
}

function refuseStandstill(phase: WorkerPhase, standstillMs: number, options: BringUpOptions): void {
  const { authTimeoutMs, syncTimeoutMs } = options;
  if (phase === 'connecting' && standstillMs > authTimeoutMs) {
    throw new WorkerFailure('NETWORK', `WhatsApp did not let the page connect within ${authTimeoutMs} ms`);
  }
  if (phase === 'authenticating' && standstillMs > authTimeoutMs) {
    throw new WorkerFailure('TRANSIENT', `WhatsApp did not authenticate the device within ${authTimeoutMs} ms`);
  }
  if ((phase === 'syncing' || phase === 'verifying') && standstillMs > syncTimeoutMs) {
    throw new WorkerFailure('TRANSIENT', `The sync stood still for ${syncTimeoutMs} ms`);
  }
}

/** Synced, and the library doesn't know: its `change:hasSynced` listener came too late, and nothing else will tell it. */
function isDeaf(state: PageState): boolean {
  return state.socket === 'CONNECTED' && state.hasSynced && !state.utilities;
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
