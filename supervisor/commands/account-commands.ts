import type { Command } from 'commander';

import type { SetExitCode } from './account-arguments.js';
import { addConfigCommand } from './config.js';
import { addHistoryCommand } from './history.js';
import { addLinkCommand } from './link.js';
import { addMessagesCommand } from './messages.js';
import { addReloadCommand } from './reload.js';
import { addRestartCommand } from './restart.js';
import { addRestoreProfileCommand } from './restore-profile.js';
import { addStatsCommand } from './stats.js';
import { addStatusCommand } from './status.js';
import { addUnlinkCommand } from './unlink.js';

/** Adds what a person asks and tells wasup beside the supervisor's own run. */
export function addAccountCommands(program: Command, setExitCode: SetExitCode): void {
  for (const add of [
    addLinkCommand,
    addRestartCommand,
    addUnlinkCommand,
    addReloadCommand,
    addStatusCommand,
    addHistoryCommand,
    addStatsCommand,
    addMessagesCommand,
    addRestoreProfileCommand,
    addConfigCommand,
  ]) {
    add(program, setExitCode);
  }
}
