import { setTimeout as delay } from 'node:timers/promises';

import { withDeadline } from '../../shared/with-deadline.js';
import type { Switchboard } from '../switchboard/switchboard.js';
import { renewPage } from './renew-page.js';
import { isThere } from './signals.js';

/** A page that is well is left in 50 to 90 ms; on a busy machine in many times that, and with a fresh link it is the login. */
const leaveTimeoutMs = 2_500;
const pollIntervalMs = 10;

/** Nobody's: what is asked about it changes nothing. */
const emptyOrigin = 'https://empty.invalid';

/**
 * Leaves what the browser shows, and waits until it is written down. Chromium keeps what a page puts into localStorage for 5 s before it
 * writes it, or until the page is left; a browser that is closed writes it too, but on a busy machine its storage process can be gone
 * before it has. With a fresh link that would be the login.
 *
 * Never rejects: a page that hangs, or a browser that doesn't answer, is ended as it is.
 *
 * @param timeoutMs for all of it; more than 2,500 isn't taken.
 */
export async function leavePages(switchboard: Switchboard, timeoutMs: number): Promise<void> {
  const limitMs = Math.min(timeoutMs, leaveTimeoutMs);
  await withDeadline(leaveAll(switchboard, limitMs), limitMs, 'Leaving the page').catch(() => undefined);
}

async function leaveAll(switchboard: Switchboard, timeoutMs: number): Promise<void> {
  const left = await renderers(switchboard, timeoutMs);
  await renewPage(switchboard);
  // What a page has not saved is saved when it lets go of its storage, which its process does at its end.
  const deadline = performance.now() + timeoutMs;
  while (left.some(isThere)) {
    if (performance.now() > deadline) return;
    await delay(pollIntervalMs);
  }
  const { targetInfos } = (await switchboard.send('Target.getTargets', {}, { timeoutMs })) as {
    targetInfos: readonly { targetId: string; type: string }[];
  };
  const targetId = targetInfos.find(({ type }) => type === 'page')?.targetId;
  const attached = await switchboard.send('Target.attachToTarget', { targetId, flatten: true }, { timeoutMs });
  const { sessionId } = attached as { sessionId: string };
  // Answered by the same storage in its turn: after what the page has left behind.
  const parameters = { origin: emptyOrigin, storageTypes: 'local_storage' };
  await switchboard.send('Storage.clearDataForOrigin', parameters, { sessionId, timeoutMs });
}

/** The ids of the processes in which pages live. */
async function renderers(switchboard: Switchboard, timeoutMs: number): Promise<number[]> {
  const { processInfo } = (await switchboard.send('SystemInfo.getProcessInfo', {}, { timeoutMs })) as {
    processInfo: readonly { type: string; id: number }[];
  };
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
}
