/** Behind until the wait is this share of the limit again: at the limit itself the account would go up and down. */
const overShare = 0.5;

/**
 * Whether the bot is behind: the next message of a chat waits for a free handler for longer than it may. What is queued
 * in one chat behind that chat's own messages doesn't count. Pure.
 *
 * @param waitedMs how long the one that has waited longest waits.
 */
export function isBehind(waitedMs: number, limitMs: number, wasBehind: boolean): boolean {
  return waitedMs > (wasBehind ? limitMs * overShare : limitMs);
}
