import type { Configuration } from './compile-configuration.js';
import { deepFreeze } from './deep-freeze.js';

/**
 * The configuration that holds for one account: filled with its own settings, frozen. Pure; of what it gives, it gives
 * the same again.
 *
 * @param number an account without settings of its own is as all.
 */
export function configurationOf(configuration: Configuration, number: string): Configuration {
  const own = configuration.accountOverrides[number] ?? {};
  return deepFreeze({
    ...configuration,
    accounts: [number],
    accountOverrides: {},
    botModule: own.botModule ?? configuration.botModule,
    authMethod: own.authMethod ?? configuration.authMethod,
    browser: { ...configuration.browser, arguments: own.browserArguments ?? configuration.browser.arguments },
  });
}
