import type { Command } from 'commander';

import { compileConfiguration } from '../../shared/configuration/compile-configuration.js';
import { describeConfiguration, listConfiguration } from '../../shared/displays/describe-configuration.js';
import { printJson } from './account-arguments.js';
import { configurationFlags } from './configuration-flags.js';

type Flags = Readonly<Record<string, string | undefined>>;

/** Adds `wasup config`: what a supervisor with these flags would run with here, and where each value comes from. */
export function addConfigCommand(program: Command): void {
  const command = program
    .command('config')
    .description('show the configuration that a run with the same flags would have, and where each value comes from')
    .option('--json', 'print an object for programs');
  for (const option of configurationFlags()) command.addOption(option);
  command.action(async ({ json, ...flags }: Flags & { readonly json?: true }) => {
    const sources = { environment: process.env, flags: { ...flags } as Flags, workingDirectory: process.cwd() };
    const compiled = await compileConfiguration(sources);
    if (json === true) printJson(listConfiguration(compiled));
    else process.stdout.write(`${describeConfiguration(compiled).join('\n')}\n`);
  });
}
