import { WasupError } from '../shared/errors.js';
import { supervisorExitCodes } from '../shared/exit-codes.js';
import { execute } from './commands.js';

// A reader that has gone (`npm start | head`) must not end the bot.
process.stdout.on('error', () => undefined);

try {
  const exitCode = await execute(process.argv.slice(2));
  // A command of another room says its own.
  process.exitCode ??= exitCode;
} catch (error) {
  if (error instanceof WasupError) {
    process.stderr.write(`wasup: ${error.message}\n  What to do: ${error.remedy}\n`);
    process.exitCode = error.exitCode;
  } else {
    process.stderr.write(
      `wasup: a bug of wasup: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = supervisorExitCodes.bug;
  }
}

// Whoever listens on the channel to a parent, as pm2's probe does in this very process, would keep it from ending.
if (process.connected) process.disconnect();
