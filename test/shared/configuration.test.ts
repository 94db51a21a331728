import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileConfiguration } from '../../shared/configuration/compile-configuration.js';
import { optionValue } from '../../shared/configuration/option-value.js';
import { optionKeys, options } from '../../shared/configuration/options.js';
import { WasupError } from '../../shared/errors.js';
import { compile, type Given, inFile, problemsOf, samples, sources } from '../support/configuration.js';

describe('without any source', () => {
  test('everything has its documented default', async () => {
    expect(await compile({})).toEqual({
      accounts: [],
      accountOverrides: {},
      sessionsDirectory: '/srv/bot/sessions',
      botModule: undefined,
      authMethod: 'qr',
      http: { host: '127.0.0.1', port: 8787, token: undefined },
      standby: true,
      log: { level: 'info', format: 'pretty' },
      browser: { executablePath: undefined, arguments: [] },
      heartbeatIntervalMs: 2000,
      heartbeatTimeoutMs: 10_000,
      probeIntervalMs: 5000,
      probeTimeoutMs: 4000,
      restoreRetryDelayMs: 5000,
      authTimeoutMs: 30_000,
      stopTimeoutMs: 20_000,
      browserStartTimeoutMs: 30_000,
      pageLoadTimeoutMs: 60_000,
      syncTimeoutMs: 60_000,
      transportReconnectMs: 30_000,
      transportReloadMs: 90_000,
      transportRestartMs: 180_000,
      incompatibleRetryMs: 1_800_000,
      workerStartTimeoutMs: 30_000,
      backoffBaseMs: 250,
      backoffCapMs: 60_000,
      stableAfterMs: 10_000,
      breakerFailures: 10,
      breakerWindowMs: 600_000,
      breakerPauseMs: 300_000,
      startConcurrency: 2,
      startJitterMs: 250,
      handlerTimeoutMs: 60_000,
      handlerWaitMs: 10_000,
      handlerRetryDelayMs: 1_000,
      handlerAttempts: 3,
      handlerConcurrency: 10,
      inboxRetentionMs: 2_592_000_000,
      inboxMaxMb: 256,
      catchUpMaxAgeMs: 604_800_000,
      catchUpMaxMessages: 10_000,
      catchUpTimeoutMs: 30_000,
      memoryIntervalMs: 30_000,
      diskLowMb: 500,
      memorySoftLimitMb: 1_500,
      memoryHardLimitMb: 3_000,
      quietMs: 30_000,
      recycleAfterMs: 0,
      maxLoginsPerHour: 60,
      maxRestoreAttempts: 3,
    });
  });

  test('logs are JSON in production', async () => {
    expect((await compile({ environment: { NODE_ENV: 'production' } })).log.format).toBe('json');
  });

  test('nothing in the result can be changed', async () => {
    const configuration = await compile({ environment: { WASUP_ACCOUNTS: '491701234567' } });
    const parts = [configuration, configuration.accounts, configuration.http, configuration.browser.arguments];
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
  });
});

describe('sources', () => {
  test('a flag beats the environment, which beats the file', async () => {
    const configuration = await compile({
      ...inFile({ http: { port: 1001, host: '::1' }, standby: false, log: { level: 'warn' } }),
      environment: { WASUP_HTTP_PORT: '1002', WASUP_LOG_LEVEL: 'debug' },
      flags: { httpPort: '1003', logLevel: undefined },
    });
    expect(configuration.http).toEqual({ host: '::1', port: 1003, token: undefined });
    expect(configuration.log.level).toBe('debug');
    expect(configuration.standby).toBe(false);
    expect(configuration.accounts).toEqual([]);
  });

  test('an empty variable counts as not given', async () => {
    const given = { ...inFile({ http: { port: 1001 } }), environment: { WASUP_HTTP_PORT: '', WASUP_BOT: ' ' } };
    expect((await compile(given)).http.port).toBe(1001);
  });

  test('a file may be a script with a default export', async () => {
    const module = { default: { accounts: ['491701234567', 14155550100], http: { port: undefined } } };
    const configuration = await compile({ files: { 'wasup.config.js': module } });
    expect(configuration.accounts).toEqual(['491701234567', '14155550100']);
    expect(configuration.http.port).toBe(8787);
  });

  test('a file may start with a byte order mark', async () => {
    expect((await compile({ files: { 'wasup.config.json': '\uFEFF{"authMethod": "code"}' } })).authMethod).toBe('code');
  });

  test('relative paths start in the working directory', async () => {
    const environment = { WASUP_SESSIONS_DIR: '../data', WASUP_BOT: 'my-bot.js', PUPPETEER_EXECUTABLE_PATH: 'chrome' };
    const configuration = await compile({ environment, files: { 'my-bot.js': '' } });
    expect(configuration.sessionsDirectory).toBe('/srv/data');
    expect(configuration.botModule).toBe('/srv/bot/my-bot.js');
    expect(configuration.browser.executablePath).toBe('/srv/bot/chrome');
  });

  test('every option can be set by its variable and by its flag', async () => {
    const files = { 'bot.js': '' };
    const byVariable = Object.fromEntries(optionKeys.map((key) => [options[key].environmentName, samples[key]]));
    const byFlag = Object.fromEntries(optionKeys.map((key) => [options[key].flag, samples[key]]));
    const defaults = await compile({});
    const configured = await compile({ files, environment: byVariable });
    for (const key of optionKeys) expect(optionValue(configured, key), key).not.toEqual(optionValue(defaults, key));
    expect(await compile({ files, flags: byFlag })).toEqual(configured);
  });
});

describe('problems', () => {
  test('are all told at once, each with its place, its fault and its cure', async () => {
    const given = {
      ...inFile({ http: { prot: 1 } }),
      environment: { WASUP_HTTP_PORT: '87x7', WASUP_STANBY: '1' },
      flags: { authMethod: 'qrr' },
    };
    expect(await problemsOf(given)).toEqual([
      'http.prot (wasup.config.json): there is no such option; did you mean http.port.',
      'WASUP_STANBY (environment): there is no such option; did you mean WASUP_STANDBY.',
      '--auth-method (flag): "qrr" is none of qr, code; write --auth-method qr.',
      'WASUP_HTTP_PORT (environment): "87x7" is not a whole number; write WASUP_HTTP_PORT=8787.',
    ]);
  });

  test.each([
    ['WASUP_PORT', 'WASUP_HTTP_PORT'],
    ['WASUP_SESSION_DIR', 'WASUP_SESSIONS_DIR'],
    ['WASUP_HEARTBEAT_INTERVAL', 'WASUP_HEARTBEAT_INTERVAL_MS'],
    ['wasup_log_level', 'WASUP_LOG_LEVEL'],
    ['WASUP_PUPPETEER_EXECUTABLE_PATH', 'PUPPETEER_EXECUTABLE_PATH'],
  ])('an unknown variable %s is told as a slip of %s', async (written, meant) => {
    const [problem] = await problemsOf({ environment: { [written]: '1' } });
    expect(problem).toContain(`did you mean ${meant}`);
  });

  test('other variables of the environment are nobody’s business', async () => {
    await expect(
      compile({ environment: { PATH: '/bin', PUPPETEER_CACHE_DIR: '/x', WASUPER: '1' } }),
    ).resolves.toBeDefined();
  });

  test("a variable's name in the file is told by the name that the file wants", async () => {
    expect(await problemsOf(inFile({ WASUP_HTTP_PORT: 1 }))).toEqual([
      expect.stringContaining('did you mean http.port'),
    ]);
  });

  test('an unknown flag is told with its neighbour', async () => {
    expect(await problemsOf({ flags: { 'http-prt': '1' } })).toEqual([
      '--http-prt (flag): there is no such option; did you mean --http-port.',
    ]);
  });

  test('a word that is near nothing gets no guess', async () => {
    expect(await problemsOf({ environment: { WASUP_XYLOPHONE: '1' } })).toEqual([
      'WASUP_XYLOPHONE (environment): there is no such option; remove it.',
    ]);
  });

  test.each([
    ['-5', 'is negative', '5000'],
    ['+700', 'has a plus sign', '700'],
    ['5s', 'has a unit or letters after the number', '5000'],
    ['1.5 min', 'has a unit or letters after the number', '90000'],
    ['10 000', 'has spaces in the number', '10000'],
    ['10_000', 'is not a whole number without separators', '10000'],
    ['2.5', 'is not a whole number without separators', '5000'],
    ['NaN', 'is not a whole number', '5000'],
    ['1e3', 'is not a whole number', '1000'],
    ['five', 'is not a whole number', '5000'],
    ['600001', 'is outside of 0 to 600000 ms', '600000'],
    ['99999999999999999999', 'is far too large', '5000'],
  ])('a duration of %s %s', async (written, what, instead) => {
    expect(await problemsOf({ environment: { WASUP_RESTORE_RETRY_DELAY_MS: written } })).toEqual([
      `WASUP_RESTORE_RETRY_DELAY_MS (environment): "${written}" ${what}; write WASUP_RESTORE_RETRY_DELAY_MS=${instead}.`,
    ]);
  });

  test.each([
    ['+49 170 1234567', 'has a plus sign where digits alone are wanted', '491701234567'],
    ['49 170 1234567', 'has spaces or signs where digits alone are wanted', '491701234567'],
    ['0049-170-1234567', 'has spaces or signs where digits alone are wanted', '491701234567'],
    ['491701234567@c.us', 'is a WhatsApp id where its digits alone are wanted', '491701234567'],
    ['49170x1234567', 'has letters or signs where digits alone are wanted', '491701234567'],
    ['01701234567', 'starts with 0 where the country code is wanted', '491701234567'],
    ['12345', 'has 5 digits; a number with its country code has 7 to 15', '491701234567'],
  ])('an account written %s %s', async (written, what, instead) => {
    expect(await problemsOf({ environment: { WASUP_ACCOUNTS: written } })).toEqual([
      `WASUP_ACCOUNTS (environment): "${written}" ${what}; write WASUP_ACCOUNTS=${instead}.`,
    ]);
  });

  test.each([
    ['491701234567,491701234567', 'names 491701234567 twice; name each account once'],
    ['491701234567;14155550100', 'is more than one number; separate numbers by commas'],
    ['491701234567 14155550100', 'is more than one number; separate numbers by commas'],
    ['491701234567,,14155550100', 'has an empty place between commas; remove the spare comma'],
    ['491701234567,+14155550100', 'holds "+14155550100", which has a plus sign where digits alone are wanted'],
  ])('a list of accounts written %s %s', async (written, what) => {
    expect(await problemsOf({ environment: { WASUP_ACCOUNTS: written } })).toEqual([expect.stringContaining(what)]);
  });

  test.each([
    ['{"accounts": [],}', /^wasup\.config\.json: is not valid JSON: .*double quotes around names and texts/],
    ['{\n  // why\n}', /^wasup\.config\.json: is not valid JSON: .*no comments/],
    ['', /^wasup\.config\.json: is not valid JSON: /],
    ['[]', /^wasup\.config\.json: does not hold an object/],
  ])('a configuration file %j is told as malformed', async (text, expected) => {
    expect(await problemsOf({ files: { 'wasup.config.json': text } })).toEqual([expect.stringMatching(expected)]);
  });

  test('two configuration files are one too many', async () => {
    const files = { 'wasup.config.json': '{}', 'wasup.config.js': { default: {} } };
    expect(await problemsOf({ files })).toEqual([expect.stringContaining('remove one of them')]);
  });

  test('a script that throws, or exports nothing, is told by name', async () => {
    expect(await problemsOf({ files: { 'wasup.config.js': {} } })).toEqual([
      expect.stringContaining('no default export'),
    ]);
    const thrown = compileConfiguration({
      ...sources({ files: { 'wasup.config.js': {} } }),
      importModule: () => Promise.reject(new Error('x is not defined')),
    });
    await expect(thrown).rejects.toThrow('wasup.config.js: failed to load: x is not defined');
  });

  test('a bot module that does not exist is told, with the file that was probably meant', async () => {
    expect(await problemsOf({ environment: { WASUP_BOT: './bot' }, files: { 'bot.js': '' } })).toEqual([
      'WASUP_BOT: there is no file /srv/bot/bot; did you mean /srv/bot/bot.js.',
    ]);
    expect(await problemsOf({ environment: { WASUP_BOT: './gone.js' } })).toEqual([
      'WASUP_BOT: there is no file /srv/bot/gone.js; correct the path, or leave the option out to run the bundled bot.',
    ]);
  });

  test('a sessions folder that is a file, or starts with a tilde, is refused', async () => {
    expect(await problemsOf({ environment: { WASUP_SESSIONS_DIR: 'data' }, files: { data: '' } })).toEqual([
      expect.stringContaining('/srv/bot/data is a file, not a folder'),
    ]);
    expect(await problemsOf({ environment: { WASUP_SESSIONS_DIR: '~/data' } })).toEqual([
      expect.stringContaining('which only a shell expands'),
    ]);
  });

  test('a heartbeat timeout needs room for more than two beats', async () => {
    const environment = { WASUP_HEARTBEAT_INTERVAL_MS: '500', WASUP_HEARTBEAT_TIMEOUT_MS: '1000' };
    expect(await problemsOf({ environment })).toEqual([
      'WASUP_HEARTBEAT_TIMEOUT_MS and WASUP_HEARTBEAT_INTERVAL_MS: a timeout of 1000 ms is not more than twice the ' +
        'interval of 500 ms; write a timeout of 1500, or an interval of 333.',
    ]);
    await expect(
      compile({ environment: { ...environment, WASUP_HEARTBEAT_TIMEOUT_MS: '1001' } }),
    ).resolves.toBeDefined();
  });

  test('a probe must be over before the next one starts', async () => {
    expect(await problemsOf({ environment: { WASUP_PROBE_INTERVAL_MS: '1000' } })).toEqual([
      expect.stringContaining('a timeout of 4000 ms is longer than the interval of 1000 ms'),
    ]);
  });

  test('a value that is wrong by itself makes no second problem together with others', async () => {
    const environment = { WASUP_HEARTBEAT_INTERVAL_MS: '60000', WASUP_HEARTBEAT_TIMEOUT_MS: '3min' };
    expect(await problemsOf({ environment })).toHaveLength(1);
  });

  test('a token that can be guessed is refused where other machines can try', async () => {
    const environment = { WASUP_HTTP_TOKEN: 'secret', WASUP_HTTP_HOST: '0.0.0.0' };
    expect(await problemsOf({ environment })).toEqual([expect.stringContaining('short enough to guess')]);
    await expect(compile({ environment: { WASUP_HTTP_TOKEN: 'secret' } })).resolves.toBeDefined();
  });

  test('never show a token', async () => {
    const [problem] = await problemsOf({ environment: { WASUP_HTTP_TOKEN: 'my secret' } });
    expect(problem).not.toContain('secret');
  });

  test('a host with a port or scheme is told to leave them out', async () => {
    expect(await problemsOf({ environment: { WASUP_HTTP_HOST: 'localhost:80' } })).toEqual([
      expect.stringContaining('write WASUP_HTTP_HOST=localhost.'),
    ]);
    expect(await problemsOf({ flags: { httpHost: 'http://localhost' } })).toEqual([
      expect.stringContaining('is a URL'),
    ]);
  });

  test.each(['--lang en', '"--lang=en'])('browser switches written as %s are refused', async (written) => {
    expect(await problemsOf({ environment: { WASUP_BROWSER_ARGS: written } })).toHaveLength(1);
  });

  test.each([
    '--remote-debugging-port=9222',
    '--remote-debugging-port',
    '-remote-debugging-port=0',
    '--Remote-Debugging-Port=9222',
    '--remote-debugging-address=0.0.0.0',
    '--remote-debugging-pipe',
    '--remote-debugging-io-pipes=5,6',
    '--remote-debugging-socket-name=x',
    '--user-data-dir=/elsewhere',
    '--user-data-dir',
    '-user-data-dir=/elsewhere',
    '--',
    '-',
    '',
    'https://example.org',
    ' --remote-debugging-port=9222',
  ])('the browser switch %j is refused', async (word) => {
    const environment = { WASUP_BROWSER_ARGS: JSON.stringify(['--lang=de', word]) };
    expect(await problemsOf({ environment })).toEqual([expect.stringContaining(JSON.stringify(word))]);
  });

  test('a browser switch that would open the session is told why, and what to do', async () => {
    expect(await problemsOf({ environment: { WASUP_BROWSER_ARGS: '--remote-debugging-port=1' } })).toEqual([
      expect.stringMatching(/could open the session to any process on this machine; remove it\.$/),
    ]);
    expect(await problemsOf({ environment: { WASUP_BROWSER_ARGS: '--user-data-dir=/x' } })).toEqual([
      expect.stringContaining('WASUP_SESSIONS_DIR'),
    ]);
  });
});

describe('garbage', () => {
  const garbage = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.constantFrom('~', '\0', '[', '"', '-0', '1,2'),
  );

  test('in variables and flags never throws anything but WasupError', async () => {
    const anyEnvironment = fc.dictionary(
      fc.oneof(fc.constantFrom(...optionKeys.map((key) => options[key].environmentName)), fc.string()),
      garbage,
    );
    const anyFlags = fc.dictionary(fc.oneof(fc.constantFrom(...optionKeys), fc.string()), garbage);
    await fc.assert(
      fc.asyncProperty(anyEnvironment, anyFlags, (environment, flags) => throwsNothingElse({ environment, flags })),
    );
  });

  test('in the file never throws anything but WasupError', async () => {
    const anyObject = fc.dictionary(
      fc.oneof(fc.constantFrom(...optionKeys, 'http', 'log', 'browser'), fc.string()),
      fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true, withDate: true }),
    );
    await fc.assert(
      fc.asyncProperty(anyObject, (exported) =>
        throwsNothingElse({ files: { 'wasup.config.js': { default: exported } } }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(garbage, fc.json()), (text) =>
        throwsNothingElse({ files: { 'wasup.config.json': text } }),
      ),
    );
  });

  async function throwsNothingElse(given: Given): Promise<void> {
    const error: unknown = await compile(given).catch((thrown: unknown) => thrown);
    if (error instanceof Error) expect(error).toBeInstanceOf(WasupError);
  }
});
