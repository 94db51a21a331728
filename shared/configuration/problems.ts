import { supervisorExitCodes } from '../exit-codes.js';
import { WasupError } from '../errors.js';

/** One thing that is wrong with the configuration. */
export interface Problem {
  /** Where the value came from: a variable, a flag, or a name in the configuration file. */
  readonly where: string;
  readonly what: string;
  /** What to write instead, in the imperative. */
  readonly instead: string;
}

/** All problems in one error, a line each, so that nobody has to correct them one start at a time. */
export function configurationError(problems: readonly Problem[]): WasupError {
  const lines = problems.map(({ where, what, instead }) => `  ${where}: ${what}; ${instead}.`);
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new WasupError([`The configuration has ${count}:`, ...lines].join('\n'), {
    remedy: `Correct ${problems.length === 1 ? 'it' : 'them'} and start again.`,
    exitCode: supervisorExitCodes.configuration,
  });
}
