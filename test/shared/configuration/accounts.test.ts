import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compileConfiguration } from '../../../shared/configuration/compile-configuration.js';
import { configurationOf } from '../../../shared/configuration/configuration-of.js';
import { WasupError } from '../../../shared/errors.js';
import { compile, inFile, problemsOf, sources } from '../../support/configuration.js';

const plain = '14155550100';
const shop = '491701234567';

/** A file with a plain account and one that has settings of its own. */
function withShop(own: Record<string, unknown>): { files: Record<string, unknown> } {
  const { files } = inFile({ accounts: [plain, { number: shop, ...own }], browser: { arguments: ['--mute-audio'] } });
  return { files: { ...files, 'shop.js': '' } };
}

describe('an account with settings of its own', () => {
  const own = { botModule: './shop.js', authMethod: 'code', browserArguments: '--lang=de --mute-audio' };

  it('is listed like any other, and has a filled form of its own', async () => {
    const configuration = await compile(withShop(own));
    expect(configuration.accounts).toEqual([plain, shop]);
    expect(configuration.accountOverrides).toEqual({
      [shop]: { botModule: '/srv/bot/shop.js', authMethod: 'code', browserArguments: ['--lang=de', '--mute-audio'] },
    });
    expect(configurationOf(configuration, shop)).toEqual({
      ...configuration,
      accounts: [shop],
      accountOverrides: {},
      botModule: '/srv/bot/shop.js',
      authMethod: 'code',
      browser: { executablePath: undefined, arguments: ['--lang=de', '--mute-audio'] },
    });
  });

  it('changes nothing for the others, and nothing that it doesn’t name', async () => {
    const configuration = await compile(withShop({ authMethod: 'code' }));
    expect(configurationOf(configuration, plain)).toMatchObject({ botModule: undefined, authMethod: 'qr' });
    expect(configurationOf(configuration, shop)).toMatchObject({
      botModule: undefined,
      authMethod: 'code',
      browser: { arguments: ['--mute-audio'] },
    });
  });

  it('can have an empty list of browser switches', async () => {
    const configuration = await compile(withShop({ browserArguments: [] }));
    expect(configurationOf(configuration, shop).browser.arguments).toEqual([]);
  });

  it('keeps them when the list of accounts comes from elsewhere; those that aren’t served have none', async () => {
    const served = await compile({ ...withShop(own), environment: { WASUP_ACCOUNTS: shop } });
    expect(configurationOf(served, shop).authMethod).toBe('code');
    const other = await compile({ ...withShop(own), flags: { accounts: plain } });
    expect(other.accountOverrides).toEqual({});
  });

  it('has a form that can’t be changed, and is its own form', async () => {
    const configuration = await compile(withShop(own));
    const form = configurationOf(configuration, shop);
    const parts = [form, form.accounts, form.browser, form.browser.arguments, configuration.accountOverrides];
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
    expect(configurationOf(form, shop)).toEqual(form);
  });

  it('may have its number as a number, and names without a value', async () => {
    const module = { default: { accounts: [{ number: 14155550100, botModule: undefined, authMethod: null }] } };
    const configuration = await compile({ files: { 'wasup.config.js': module } });
    expect(configuration.accounts).toEqual([plain]);
    expect(configuration.accountOverrides).toEqual({});
  });
});

describe('what is wrong with an account’s own settings is told with its place and its cure', () => {
  it.each([
    [
      { authMethod: 'qrr' },
      'accounts[1].authMethod (wasup.config.json): "qrr" is none of qr, code; write "authMethod": "qr".',
    ],
    [
      { botModul: './shop.js' },
      'accounts[1].botModul (wasup.config.json): an account has no such setting of its own; did you mean botModule.',
    ],
    [
      { 'http.port': 1 },
      'accounts[1].http.port (wasup.config.json): an account has no such setting of its own; write it outside of "accounts", for all.',
    ],
    [
      { browserArguments: '--user-data-dir=/x' },
      /^accounts\[1\]\.browserArguments \(wasup\.config\.json\): .* WASUP_SESSIONS_DIR moves the sessions\.$/,
    ],
    [
      { botModule: './shop' },
      `botModule of ${shop} in the configuration file: there is no file /srv/bot/shop; did you mean /srv/bot/shop.js.`,
    ],
    [
      { number: plain },
      `accounts (wasup.config.json): ["${plain}","${plain}"] names ${plain} twice; name each account once.`,
    ],
    [{ number: '+4917' }, /^accounts \(wasup\.config\.json\): .*has a plus sign/],
    [{ number: null }, 'accounts[1] (wasup.config.json): there is no number in it; write "number": "491701234567".'],
    [{ number: ['1'] }, /^accounts\[1\] \(wasup\.config\.json\): there is no number in it/],
  ])('%j', async (own, expected) => {
    const matching: unknown = typeof expected === 'string' ? expected : expect.stringMatching(expected);
    expect(await problemsOf(withShop(own))).toEqual([matching]);
  });

  it('whatever the objects hold', async () => {
    const anyAccount = fc.dictionary(
      fc.oneof(fc.constantFrom('number', 'botModule', 'authMethod', 'browserArguments', '__proto__'), fc.string()),
      fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(anyAccount, fc.anything())), async (accounts) => {
        const given = sources({ files: { 'wasup.config.js': { default: { accounts } } } });
        const error: unknown = await compileConfiguration(given).catch((thrown: unknown) => thrown);
        if (error instanceof Error) expect(error).toBeInstanceOf(WasupError);
      }),
    );
  });
});
