import { setTimeout as delay } from 'node:timers/promises';

import { signalProcess } from './browser/signals.js';

/** Programs that a bot runs mostly end at once. */
const terminateMs = 500;
/** What is there still waits for the kernel, and isn't waited for. */
const killMs = 500;
const lookIntervalMs = 10;

/**
 * Ends what a process that led its own group has left in it: SIGTERM, and SIGCONT for whatever was stopped, then SIGKILL. Nobody can have
 * the group's number as long as somebody is in it. What has left the group (`detached` in Node, setsid) is not touched.
 *
 * @param leader its id; it has exited.
 * @returns a promise only if somebody was left; it resolves within a second.
 */
export function endGroup(leader: number): Promise<void> | undefined {
  if (process.platform === 'win32' || !signalProcess(-leader, 'SIGTERM')) return undefined;
  return end(leader);
}

async function end(leader: number): Promise<void> {
  signalProcess(-leader, 'SIGCONT');
  if (await isGoneWithin(leader, terminateMs)) return;
  signalProcess(-leader, 'SIGKILL');
  await isGoneWithin(leader, killMs);
}

async function isGoneWithin(leader: number, timeoutMs: number): Promise<boolean> {
  const begin = performance.now();
  while (signalProcess(-leader, 0)) {
    if (performance.now() - begin > timeoutMs) return false;
    await delay(lookIntervalMs);
  }
  return true;
}
