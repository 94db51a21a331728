import { readFile, stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { checkCombinations } from './check-combinations.js';
import { collectValues } from './collect-values.js';
import { type ConfigurationFiles, readConfigFile } from './config-file.js';
import { type DeadlineValues } from './deadlines.js';
import { type OptionValues } from './options.js';
import { configurationError } from './problems.js';

/** Everything that can be configured, checked and filled; deeply frozen. `options.ts` tells what each value means. */
export interface Configuration extends DeadlineValues {
  readonly accounts: readonly string[];
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
  readonly memorySoftLimitMb: number;
  readonly memoryHardLimitMb: number;
}

export interface ConfigurationSources extends Partial<ConfigurationFiles> {
  readonly environment: NodeJS.ProcessEnv;
  /** Values by flag: `--http-port`, `http-port` or `httpPort`. Undefined values count as not given. */
  readonly flags: Record<string, string | undefined>;
  readonly workingDirectory: string;
}

/**
 * Fills a configuration from flags, which beat the environment, which beats the configuration file.
 *
 * @throws WasupError with exit code 78 that lists everything wrong, a line each.
 */
export async function compileConfiguration(sources: ConfigurationSources): Promise<{ configuration: Configuration }> {
  const { environment, flags, workingDirectory } = sources;
  const files = { ...disk, ...dropUndefined(sources) };
  const file = await readConfigFile(workingDirectory, files);
  const collected = collectValues({ environment, workingDirectory }, flags, file);
  const problems = [...file.problems, ...collected.problems, ...(await checkCombinations(collected, files))];
  if (problems.length > 0) throw configurationError(problems);
  return { configuration: deepFreeze(assemble(collected.values)) };
}

function assemble(values: OptionValues): Configuration {
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
  return {
    ...flat,
    accounts: [...flat.accounts],
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
  importModule: (path) => import(pathToFileURL(path).href),
};

function dropUndefined(sources: ConfigurationSources): Partial<ConfigurationFiles> {
  const { fileExists, readFile: read, importModule } = sources;
  return {
    ...(fileExists === undefined ? {} : { fileExists }),
    ...(read === undefined ? {} : { readFile: read }),
    ...(importModule === undefined ? {} : { importModule }),
  };
}

function deepFreeze<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value) as unknown[]) {
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}
