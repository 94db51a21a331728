import { isDeepStrictEqual } from 'node:util';

import type { Configuration } from './compile-configuration.js';
import { configurationOf } from './configuration-of.js';
import { deepFreeze } from './deep-freeze.js';
import type { AppliesAt } from './option.js';
import { optionValue } from './option-value.js';
import { type OptionKey, optionKeys, options } from './options.js';

/** What it takes to get from one configuration to the other. */
export interface ConfigurationChanges {
  /** Accounts to start. */
  readonly added: readonly string[];
  /** Accounts to stop. */
  readonly removed: readonly string[];
  /** Accounts that stay, and need a new browser or worker because what these were told has changed. */
  readonly changed: readonly string[];
  /** Options that hold from now on, and touch no account. */
  readonly atOnce: readonly OptionKey[];
  /** Options whose new values need another start of wasup; the old ones hold until then. */
  readonly needRestart: readonly OptionKey[];
}

/** Pure. Each option says itself when a change of it applies. */
export function compareConfigurations(before: Configuration, after: Configuration): ConfigurationChanges {
  const differing = (appliesAt: AppliesAt, left: Configuration, right: Configuration): OptionKey[] =>
    optionKeys.filter(
      (key) =>
        options[key].appliesAt === appliesAt &&
        key !== 'accounts' &&
        !isDeepStrictEqual(optionValue(left, key), optionValue(right, key)),
    );
  const needsNewLife = (number: string): boolean =>
    differing('restart-of-account', configurationOf(before, number), configurationOf(after, number)).length > 0;
  const staying = after.accounts.filter((number) => before.accounts.includes(number));
  return {
    added: after.accounts.filter((number) => !before.accounts.includes(number)),
    removed: before.accounts.filter((number) => !after.accounts.includes(number)),
    changed: staying.filter(needsNewLife),
    atOnce: differing('once', before, after),
    needRestart: differing('restart-of-wasup', before, after),
  };
}

/** Whether an account needs another browser, too, for what has changed: else it is its worker alone that was told. Pure. */
export function needsFreshBrowser(number: string, before: Configuration, after: Configuration): boolean {
  return !isDeepStrictEqual(
    configurationOf(before, number).browser.arguments,
    configurationOf(after, number).browser.arguments,
  );
}

/**
 * The configuration that the running wasup has after a reload: the new one, but for what needs another start. Pure. What
 * is kept back here is told again by the next comparison.
 */
export function configurationAfterReload(before: Configuration, after: Configuration): Configuration {
  return deepFreeze({
    ...after,
    sessionsDirectory: before.sessionsDirectory,
    http: before.http,
    standby: before.standby,
    log: before.log,
    browser: { ...after.browser, executablePath: before.browser.executablePath },
  });
}
