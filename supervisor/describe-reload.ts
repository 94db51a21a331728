import type { ConfigurationChanges } from '../shared/configuration/compare-configurations.js';
import type { ReloadAnswer } from './control/controlled.js';

/**
 * What a reload has done, for people and programs. Pure.
 *
 * @param failed accounts that could not be started, and why.
 * @param newBots accounts whose settings are the same, and whose bot's file has changed.
 */
export function describeReload(
  changes: ConfigurationChanges,
  failed: ReadonlyMap<string, string>,
  newBots: readonly string[],
): ReloadAnswer {
  const { added, removed, atOnce, needRestart } = changes;
  const parts = [
    ...list(
      'Started',
      added.filter((number) => !failed.has(number)),
    ),
    ...list('Stopped', removed),
    ...list('Restarting with new settings', changes.changed),
    ...list('Handing over to the new version of the bot', newBots),
    ...[...failed].map(([number, reason]) => `+${number} could not be started: ${reason}`),
    ...(atOnce.length > 0 ? [`In force from now on: ${atOnce.join(', ')}.`] : []),
    ...(needRestart.length > 0 ? [`Changed, but need another start of wasup: ${needRestart.join(', ')}.`] : []),
  ];
  return {
    accepted: failed.size === 0,
    sentence: parts.length === 0 ? 'Nothing has changed.' : parts.join(' '),
    added,
    removed,
    changed: [...changes.changed, ...newBots],
    needRestart,
  };
}

/** Nothing was done. */
export function refusedReload(sentence: string): ReloadAnswer {
  return { accepted: false, sentence, added: [], removed: [], changed: [], needRestart: [] };
}

function list(what: string, numbers: readonly string[]): string[] {
  return numbers.length === 0 ? [] : [`${what}: ${numbers.map((number) => `+${number}`).join(', ')}.`];
}
