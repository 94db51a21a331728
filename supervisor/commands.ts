import { Command, CommanderError } from 'commander';

import { type Configuration, compileConfiguration } from '../shared/configuration/compile-configuration.js';
import { suggest } from '../shared/configuration/suggest.js';
import { supervisorExitCodes } from '../shared/exit-codes.js';
import { createOutput } from '../shared/logger.js';
import { configurationFlags } from './commands/configuration-flags.js';
import { type Development, run } from './run.js';
import type { Recompile } from './supervisor.js';
import { readVersion } from './version.js';

/** Words that are followed by the supervisor's run; so is none at all. */
const runWords = ['run', 'start', 'dev', 'dev-restarted'];

/**
 * The `wasup` command; without a word it is `node supervisor`.
 *
 * @returns the exit code.
 * @throws WasupError with a sentence, a remedy and the exit code.
 */
export async function execute(words: readonly string[]): Promise<number> {
  let exitCode: number = supervisorExitCodes.stopped;
  const program = new Command('wasup')
    .description('Keeps WhatsApp bots alive. Without a command it supervises the configured accounts.')
    .version(readVersion(), '-V, --version', 'print the version')
    .exitOverride()
    .enablePositionalOptions();

  const supervise = (
    command: Command,
    action: (configuration: Configuration, recompile: Recompile) => Promise<number>,
  ): Command => {
    for (const option of configurationFlags()) command.addOption(option);
    return command.action(async (flags: Record<string, string | undefined>) => {
      const sources = { environment: process.env, flags, workingDirectory: process.cwd() };
      const compile: Recompile = async () => (await compileConfiguration(sources)).configuration;
      exitCode = await action(await compile(), compile);
    });
  };

  supervise(program.command('run', { isDefault: true }), superviseAccounts).description(
    'supervise the configured accounts (what `node supervisor` does)',
  );
  supervise(program.command('start'), (...configured) => superviseOrDemonstrate(...configured)).description(
    'the same; without an account, show everything on an emulated WhatsApp (what `npm start` does)',
  );
  const develop = (isRestartedFromOutside: boolean) => (configuration: Configuration, recompile: Recompile) =>
    superviseOrDemonstrate(configuration, recompile, { isRestartedFromOutside });
  supervise(program.command('dev'), develop(false)).description(
    'like start, and replace the workers when their sources change (`npm run dev` does more)',
  );
  // What `npm run dev` keeps running.
  supervise(program.command('dev-restarted', { hidden: true }), develop(true));
  const [first] = words;
  const wantsHelp = first === 'help' || words.some((word) => word === '--help' || word === '-h');
  // Whoever runs for months carries nothing of the commands that run for a second.
  if (wantsHelp || (first !== undefined && !first.startsWith('-') && !runWords.includes(first))) {
    const { addAccountCommands } = await import('./commands/account-commands.js');
    addAccountCommands(program, (code) => (exitCode = code));
  }
  // The sandbox is for development: its code is loaded by those who ask for it.
  if (wantsHelp || first === 'sandbox') {
    const { addSandboxCommand } = await import('../sandbox/command.js');
    addSandboxCommand(program);
  }

  try {
    refuseUnknownCommand(program, first);
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has printed what is wrong. Its own errors are about words; a command's errors bring their exit code.
    if (!error.code.startsWith('commander.')) return error.exitCode;
    return error.exitCode === 0 ? 0 : supervisorExitCodes.usage;
  }
  return exitCode;
}

/** With a default command, commander takes an unknown one for an argument of that. */
function refuseUnknownCommand(program: Command, word: string | undefined): void {
  if (word === undefined || word.startsWith('-') || word === 'help') return;
  const names = program.commands.map((command) => command.name());
  if (names.includes(word)) return;
  const suggestion = suggest(word, names);
  program.error(`error: unknown command '${word}'${suggestion === undefined ? '' : ` (did you mean ${suggestion}?)`}`, {
    code: 'commander.unknownCommand',
  });
}

function superviseAccounts(configuration: Configuration, recompile: Recompile): Promise<number> {
  return run({ configuration, recompile, output: createOutput(configuration.log) });
}

async function superviseOrDemonstrate(
  configuration: Configuration,
  recompile: Recompile,
  development?: Development,
): Promise<number> {
  const output = createOutput(configuration.log);
  if (configuration.accounts.length > 0) return run({ configuration, recompile, output, development });
  const { startDemonstration } = await import('./sandbox-demonstration.js');
  const demonstration = await startDemonstration(configuration, output);
  try {
    return await run({
      configuration: demonstration.configuration,
      output,
      development,
      onStart: (supervisor) => demonstration.accompany(supervisor),
    });
  } finally {
    await demonstration.close();
  }
}
