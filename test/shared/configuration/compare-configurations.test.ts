import { describe, expect, it } from 'vitest';

import {
  compareConfigurations,
  configurationAfterReload,
  type ConfigurationChanges,
} from '../../../shared/configuration/compare-configurations.js';
import type { Configuration } from '../../../shared/configuration/compile-configuration.js';
import { optionValue } from '../../../shared/configuration/option-value.js';
import { optionKeys, options } from '../../../shared/configuration/options.js';
import { compile, sampled } from '../../support/configuration.js';

const [first, second, third] = ['14155550100', '14155550101', '14155550102'] as const;
const nothing: ConfigurationChanges = { added: [], removed: [], changed: [], atOnce: [], needRestart: [] };

function withAccounts(accounts: readonly unknown[], more: Record<string, unknown> = {}): Promise<Configuration> {
  const files = { 'wasup.config.json': JSON.stringify({ accounts, ...more }), 'bot.js': '', 'shop.js': '' };
  return compile({ files });
}

describe('accounts', () => {
  it('that come, go and stay are told apart, whatever their order', async () => {
    const before = await withAccounts([first, second]);
    const after = await withAccounts([third, second]);
    expect(compareConfigurations(before, after)).toEqual({ ...nothing, added: [third], removed: [first] });
    expect(compareConfigurations(before, await withAccounts([second, first]))).toEqual(nothing);
  });

  it.each([{ botModule: './shop.js' }, { authMethod: 'code' }, { browserArguments: ['--lang=de'] }])(
    'are changed by settings of their own, and by nobody else’s: %j',
    async (own) => {
      const before = await withAccounts([first, second]);
      const after = await withAccounts([first, { number: second, ...own }]);
      expect(compareConfigurations(before, after)).toEqual({ ...nothing, changed: [second] });
      expect(compareConfigurations(after, before)).toEqual({ ...nothing, changed: [second] });
    },
  );

  it('aren’t changed by a setting for all that they have of their own', async () => {
    const accounts = [first, { number: second, botModule: './shop.js' }];
    const before = await withAccounts(accounts);
    const after = await withAccounts(accounts, { botModule: './bot.js' });
    expect(compareConfigurations(before, after)).toEqual({ ...nothing, changed: [first] });
  });

  it('aren’t changed when what was their own holds for all now', async () => {
    const before = await withAccounts([{ number: first, botModule: './shop.js' }]);
    const after = await withAccounts([first], { botModule: './shop.js' });
    expect(compareConfigurations(before, after)).toEqual(nothing);
  });
});

describe('each option', () => {
  it.each(optionKeys.filter((key) => key !== 'accounts'))('%s applies when it says so', async (key) => {
    const given = { environment: { WASUP_ACCOUNTS: first }, files: { 'bot.js': '' } };
    const before = await compile(given);
    const after = withValue(before, key, await sampled());
    const expected = {
      once: { ...nothing, atOnce: [key] },
      'restart-of-account': { ...nothing, changed: [first] },
      'restart-of-wasup': { ...nothing, needRestart: [key] },
    };
    expect(compareConfigurations(before, after)).toEqual(expected[options[key].appliesAt]);
  });

  it('that needs another start of wasup keeps its value until then, and is told again by the next reload', async () => {
    const before = await compile({ environment: { WASUP_ACCOUNTS: first } });
    const after = await sampled();
    const running = configurationAfterReload(before, after);
    for (const key of optionKeys) {
      const holds = options[key].appliesAt === 'restart-of-wasup' ? before : after;
      expect(optionValue(running, key), key).toEqual(optionValue(holds, key));
    }
    const waiting = optionKeys.filter((key) => options[key].appliesAt === 'restart-of-wasup');
    expect(compareConfigurations(running, after)).toEqual({ ...nothing, needRestart: waiting });
  });
});

/** The one value of `other` in this configuration. */
function withValue(
  configuration: Configuration,
  key: (typeof optionKeys)[number],
  other: Configuration,
): Configuration {
  const [group = '', inner] = key.split('.');
  if (inner === undefined) return { ...configuration, [key]: optionValue(other, key) };
  const values = configuration[group as 'http' | 'log' | 'browser'];
  return { ...configuration, [group]: { ...values, [inner]: optionValue(other, key) } };
}
