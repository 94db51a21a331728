import { readFile, stat } from 'node:fs/promises';
import { type AccountOverrides, splitAccounts } from './account-overrides.js';
import { checkCombinations } from './check-combinations.js';
import { collectValues, type Origins } from './collect-values.js';
import { type ConfigurationFiles, readConfigFile } from './config-file.js';
import { type DeadlineValues } from './deadlines.js';
import { deepFreeze } from './deep-freeze.js';
import { importAfresh } from './import-afresh.js';
import { type OptionValues } from './options.js';
import { configurationError } from './problems.js';

/** Everything that can be configured, checked and filled; deeply frozen. `options.ts` tells what each value means. */
export interface Configuration extends DeadlineValues {
  readonly accounts: readonly string[];
  /** By number, what an account has differently; only accounts that have something. `configurationOf` applies it. */
  readonly accountOverrides: AccountOverrides;
  /** Absolute. */
  readonly sessionsDirectory: string;
  /** Absolute; undefined for the bundled bot. */
  readonly botModule: string | undefined;
  readonly authMethod: 'qr' | 'code';
  readonly http: { readonly host: string; readonly port: number; readonly token: string | undefined };
  readonly standby: boolean;
  readonly log: {
    readonly level: OptionValues['log.level'];
    readonly format: OptionValues['log.format'];
  };
  readonly browser: {
    /** Absolute; undefined for an installed or downloaded one. */
    readonly executablePath: string | undefined;
    readonly arguments: readonly string[];
  };
  readonly maxRestoreAttempts: number;
  readonly maxLoginsPerHour: number;
  readonly breakerFailures: number;
  readonly startConcurrency: number;
  readonly handlerAttempts: number;
  readonly handlerConcurrency: number;
  readonly inboxMaxMb: number;
  readonly catchUpMaxMessages: number;
  readonly diskLowMb: number;
  readonly memorySoftLimitMb: number;
  readonly memoryHardLimitMb: number;
}

export interface ConfigurationSources extends Partial<ConfigurationFiles> {
  readonly environment: NodeJS.ProcessEnv;
  /** Values by flag: `--http-port`, `http-port` or `httpPort`. Undefined values count as not given. */
  readonly flags: Record<string, string | undefined>;
  readonly workingDirectory: string;
}

export interface CompiledConfiguration {
  readonly configuration: Configuration;
  /** Where each value came from. */
  readonly origins: Origins;
}

/**
 * Fills a configuration from flags, which beat the environment, which beats the configuration file.
 *
 * An account's own settings in the file hold also where the list of accounts comes from a flag or the environment.
 *
 * @throws WasupError with exit code 78 that lists everything wrong, a line each.
 */
export async function compileConfiguration(sources: ConfigurationSources): Promise<CompiledConfiguration> {
  const { environment, flags, workingDirectory } = sources;
  const files = { ...disk, ...dropUndefined(sources) };
  const context = { environment, workingDirectory };
  const written = await readConfigFile(workingDirectory, files);
  const { file, overrides, problems: accountProblems } = splitAccounts(written, context);
  const collected = collectValues(context, flags, file);
  const problems = [
    ...file.problems,
    ...accountProblems,
    ...collected.problems,
    ...(await checkCombinations(collected, overrides, files)),
  ];
  if (problems.length > 0) throw configurationError(problems);
  return { configuration: deepFreeze(assemble(collected.values, overrides)), origins: collected.origins };
}

function assemble(values: OptionValues, overrides: AccountOverrides): Configuration {
  const {
    'http.host': host,
    'http.port': port,
    'http.token': token,
    'log.level': level,
    'log.format': format,
    'browser.executablePath': executablePath,
    'browser.arguments': browserArguments,
    ...flat
  } = values;
  const own = flat.accounts.flatMap((number) => {
    const override = overrides[number] ?? {};
    return Object.keys(override).length === 0 ? [] : [[number, { ...override }] as const];
  });
  return {
    ...flat,
    accounts: [...flat.accounts],
    accountOverrides: Object.fromEntries(own),
    http: { host, port, token },
    log: { level, format },
    browser: { executablePath, arguments: [...browserArguments] },
  };
}

const disk: ConfigurationFiles = {
  fileExists: async (path) => {
    try {
      return (await stat(path)).isFile();
    } catch {
      return false;
    }
  },
  readFile: (path) => readFile(path, 'utf8'),
  importModule: (path) => importAfresh(path),
};

function dropUndefined(sources: ConfigurationSources): Partial<ConfigurationFiles> {
  const { fileExists, readFile: read, importModule } = sources;
  return {
    ...(fileExists === undefined ? {} : { fileExists }),
    ...(read === undefined ? {} : { readFile: read }),
    ...(importModule === undefined ? {} : { importModule }),
  };
}
