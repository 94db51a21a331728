import type { Account } from './account.js';

/** A start that takes longer has other troubles than a moment of the processor's time. */
const usualLongestMs = 10_000;

/**
 * Resolves when the accounts' start has come to its first end, or after this time: each listens, shows a code, pauses, or waits
 * for a person. What isn't needed before that would only take the processor away from browser and worker.
 */
export async function whenSettled(accounts: readonly Account[], longestMs = usualLongestMs): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, longestMs)));
  await Promise.race([Promise.all(accounts.map(untilSettled)), late]);
  clearTimeout(timer);
}

function untilSettled(account: Account): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      const { state } = account.machine;
      const isOnItsWay = state === 'starting' || state === 'restoring' || state === 'linking';
      if (isOnItsWay && account.linkCode === undefined) return;
      account.off('state', look);
      account.off('message', look);
      resolve();
    };
    account.on('state', look);
    account.on('message', look);
    look();
  });
}
