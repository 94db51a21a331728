import { setTimeout as delay } from 'node:timers/promises';

import type { Switchboard } from '../switchboard/switchboard.js';

/** Chromium needs a few milliseconds for each of these steps, and some seconds on a busy machine beside a page that is frozen. */
const stepTimeoutMs = 10_000;
/** A page that doesn't close by then doesn't close. */
const closeTimeoutMs = 3_000;
const pollIntervalMs = 10;
/** However long it was since the last look, no more than this of it can have been the page's time: the machine may have stood still. */
const longestLookMs = 250;

interface TargetInfo {
  readonly targetId: string;
  readonly type: string;
}

/**
 * Leaves the browser with one blank page: whatever an earlier worker did to the old one goes with it. Works for a
 * page that is crashed or frozen, since nothing here talks to the page itself.
 *
 * @throws Error when Chromium doesn't do it within 10 s a step, or the old page is still there after 3 s; the browser should then be restarted.
 */
export async function renewPage(switchboard: Switchboard): Promise<void> {
  const old = await pages(switchboard);
  await switchboard.send('Target.createTarget', { url: 'about:blank' }, { timeoutMs: stepTimeoutMs });
  for (const { targetId } of old) {
    await switchboard.send('Target.closeTarget', { targetId }, { timeoutMs: stepTimeoutMs });
  }
  let leftMs = closeTimeoutMs;
  for (let before = performance.now(); (await pages(switchboard)).length > 1;) {
    const now = performance.now();
    leftMs -= Math.min(now - before, longestLookMs);
    before = now;
    if (leftMs < 0) throw new Error('the old page did not close');
    await delay(pollIntervalMs);
  }
}

async function pages(switchboard: Switchboard): Promise<TargetInfo[]> {
  const { targetInfos } = (await switchboard.send('Target.getTargets', {}, { timeoutMs: stepTimeoutMs })) as {
    targetInfos: TargetInfo[];
  };
  return targetInfos.filter(({ type }) => type === 'page');
}
