import { WasupError } from '../shared/errors.js';
import { supervisorExitCodes } from '../shared/exit-codes.js';
import { flushStandardOutput, standardError } from '../shared/output/standard-output.js';
import { keepSecret, redact, secretsIn } from '../shared/secrets.js';
import { execute } from './commands.js';

// A reader that has gone (`npm start | head`) must not end the bot.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

keepSecret(...secretsIn(process.env));

try {
  const exitCode = await execute(process.argv.slice(2));
  // A command of another room says its own.
  process.exitCode ??= exitCode;
} catch (error) {
  if (error instanceof WasupError) {
    standardError.write(redact(`wasup: ${error.message}\n  What to do: ${error.remedy}\n`));
    process.exitCode = error.exitCode;
  } else {
    standardError.write(
      redact(`wasup: a bug of wasup: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`),
    );
    process.exitCode = supervisorExitCodes.bug;
  }
}

await flushStandardOutput();

// Whoever listens on the channel to a parent, as pm2's probe does in this very process, would keep it from ending.
if (process.connected) process.disconnect();
