import { expect } from 'vitest';

import {
  type Configuration,
  type ConfigurationSources,
  compileConfiguration,
} from '../../shared/configuration/compile-configuration.js';
import { type OptionKey, optionKeys, options } from '../../shared/configuration/options.js';
import { WasupError } from '../../shared/errors.js';

export const workingDirectory = '/srv/bot';

/** What a configuration is made of; files by their names, with their texts or, for a script, the module it exports. */
export interface Given {
  environment?: NodeJS.ProcessEnv;
  flags?: Record<string, string | undefined>;
  files?: Record<string, unknown>;
}

/** Sources over an imagined disk. */
export function sources(given: Given): ConfigurationSources {
  const files = new Map(Object.entries(given.files ?? {}).map(([name, text]) => [`${workingDirectory}/${name}`, text]));
  return {
    environment: given.environment ?? {},
    flags: given.flags ?? {},
    workingDirectory,
    fileExists: (path) => Promise.resolve(files.has(path)),
    readFile: (path) => Promise.resolve(String(files.get(path))),
    importModule: (path) => Promise.resolve(files.get(path)),
  };
}

export async function compile(given: Given): Promise<Configuration> {
  return (await compileConfiguration(sources(given))).configuration;
}

/** The problems of a configuration that must not compile, a line each. */
export async function problemsOf(given: Given): Promise<string[]> {
  const error: unknown = await compileConfiguration(sources(given)).catch((thrown: unknown) => thrown);
  if (!(error instanceof WasupError)) throw new Error('compiled, or failed with another error', { cause: error });
  expect(error.exitCode).toBe(78);
  expect(error.remedy).not.toBe('');
  return error.message
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
}

export const inFile = (value: unknown): { files: Record<string, unknown> } => ({
  files: { 'wasup.config.json': JSON.stringify(value) },
});

/** For each option a value that is not its default; all of them go together. `bot.js` has to be there. */
export const samples: Record<OptionKey, string> = {
  accounts: '491701234567,14155550100,',
  sessionsDirectory: '/var/lib/wasup',
  botModule: './bot.js',
  authMethod: 'code',
  'http.host': '0.0.0.0',
  'http.port': '0',
  'http.token': '0123456789abcdef',
  standby: '0',
  'log.level': 'trace',
  'log.format': 'json',
  'browser.executablePath': '/usr/bin/chromium',
  'browser.arguments': `--lang=en "--host-resolver-rules=MAP * ~NOTFOUND"`,
  heartbeatIntervalMs: '300',
  heartbeatTimeoutMs: '1000',
  probeIntervalMs: '400',
  probeTimeoutMs: '300',
  restoreRetryDelayMs: '0',
  authTimeoutMs: '1000',
  stopTimeoutMs: '1000',
  browserStartTimeoutMs: '1000',
  pageLoadTimeoutMs: '1000',
  syncTimeoutMs: '1000',
  transportReconnectMs: '1000',
  transportReloadMs: '2000',
  transportRestartMs: '3000',
  incompatibleRetryMs: '1000',
  workerStartTimeoutMs: '1000',
  maxRestoreAttempts: '1',
  maxLoginsPerHour: '1000',
  backoffBaseMs: '20',
  backoffCapMs: '100',
  stableAfterMs: '500',
  breakerFailures: '3',
  breakerWindowMs: '60000',
  breakerPauseMs: '2000',
  startConcurrency: '4',
  startJitterMs: '0',
  handlerTimeoutMs: '1000',
  handlerWaitMs: '2000',
  handlerRetryDelayMs: '10',
  handlerAttempts: '5',
  handlerConcurrency: '2',
  inboxRetentionMs: '86400000',
  inboxMaxMb: '10',
  catchUpMaxAgeMs: '3600000',
  catchUpMaxMessages: '100',
  catchUpTimeoutMs: '1000',
  memoryIntervalMs: '1000',
  diskLowMb: '50',
  memorySoftLimitMb: '500',
  memoryHardLimitMb: '0',
  quietMs: '0',
  recycleAfterMs: '86400000',
};

/** A configuration in which every option has another value than its default. */
export function sampled(): Promise<Configuration> {
  const flags = Object.fromEntries(optionKeys.map((key) => [options[key].flag, samples[key]]));
  return compile({ flags, files: { 'bot.js': '' } });
}
