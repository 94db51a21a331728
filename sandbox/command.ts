import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { askControl, NoAnswer, NoSandbox, RefusedByControl } from './control/client.js';
import type { SandboxDescription } from './control/describe.js';
import { InvalidInput } from './options.js';
import { shellQuote } from './shell-quote.js';

const usageExitCode = 64;
const unavailableExitCode = 69;
const defaultControlPort = 8788;
/** Of the range that the North American plan keeps for fiction. */
const defaultAccount = '12025550100';
const defaultContact = '12025550123';
const defaultReplyMs = 10_000;

interface ControlOption {
  control: string;
}

/** Adds `wasup sandbox` and its subcommands to a program. */
export function addSandboxCommand(program: Command): void {
  const sandbox = program
    .command('sandbox')
    .description('run an emulated WhatsApp for developing and testing bots without a phone')
    .enablePositionalOptions()
    .option('--port <port>', 'port of the emulated web.whatsapp.com (default: any free one)', parsePort, 0)
    .option('--control-port <port>', 'port of the control API', parsePort, defaultControlPort)
    .addOption(
      new Option('--build <build>', 'WhatsApp Web since (current) or before (legacy) July 2026')
        .choices(['current', 'legacy'])
        .default('current'),
    )
    .option('--state-file <file>', 'remember linked devices here, so that a linked profile stays linked')
    .option('--auto-link <number>', 'the phone with this number scans every QR code that is shown')
    .allowExcessArguments()
    .action(async (options: RunOptions) => {
      const [word] = sandbox.args;
      if (word !== undefined) refuseCommand(word);
      await attempt(() => runSandbox(options));
    });

  /** As `sandbox` does something by itself, commander takes an unknown command for an argument of it. */
  const refuseCommand = (word: string): void => {
    const names = sandbox.commands.map((command) => command.name()).join(', ');
    sandbox.error(`error: There is no command '${word}'. There are: ${names}.`, {
      exitCode: usageExitCode,
      code: 'wasup.sandbox',
    });
  };

  /** Commander prints the message and ends with the exit code, as whoever parses the command line has arranged. */
  const attempt = async (act: () => Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      const exitCode =
        error instanceof NoSandbox || error instanceof NoAnswer
          ? unavailableExitCode
          : error instanceof InvalidInput
            ? usageExitCode
            : 1;
      sandbox.error(error instanceof Error ? error.message : String(error), { exitCode, code: 'wasup.sandbox' });
    }
  };

  const control = (name: string, description: string): Command =>
    sandbox
      .command(name)
      .description(description)
      .option('--control <url>', 'control API of the sandbox', `http://127.0.0.1:${defaultControlPort}`);

  control('status', 'what the running sandbox sees').action(async ({ control: url }: ControlOption) =>
    attempt(async () => printStatus((await askControl(url, '/status')) as unknown as SandboxDescription)),
  );

  control('send', 'a contact writes to the bot')
    .argument('<text>', 'what the contact writes')
    .option('--from <number>', 'the contact', defaultContact)
    .option('--to <number>', 'the account (default: the one that is linked)')
    .option('--wait [ms]', 'wait for the answer and print it', parseMilliseconds)
    .action(async (text: string, options: SendOptions) => attempt(() => send(text, options)));

  for (const [name, description] of [
    ['link', 'the phone scans the QR code that a page shows'],
    ['scan', 'the same as link'],
  ] as const) {
    control(name, description)
      .argument('[number]', 'number of the phone', defaultAccount)
      .option('--code [code]', 'enter a pairing code instead of scanning')
      .action(async (number: string, { control: url, code }: ControlOption & { code?: string | true }) =>
        attempt(async () => {
          if (code === undefined) await askControl(url, `/phones/${number}/scan`, {});
          else await askControl(url, `/phones/${number}/pairing-code`, code === true ? {} : { code });
          console.log(`Linked to +${number}.`);
        }),
      );
  }

  for (const [name, route, description, done] of [
    ['unlink', 'unlink', 'the phone removes its linked devices', 'Unlinked.'],
    ['drop', 'drop-socket', 'cut the connection of the account once', 'Dropped.'],
    ['reload', 'reload-page', 'the page reloads itself', 'Reloading.'],
  ] as const) {
    control(name, description)
      .option('--to <number>', 'the account (default: the one that is linked)')
      .action(async ({ control: url, to }: ControlOption & { to?: string }) =>
        attempt(async () => {
          await askControl(url, `/phones/${await accountOf(url, to)}/${route}`, {});
          console.log(done);
        }),
      );
  }
}

interface RunOptions {
  port: number;
  controlPort: number;
  build: 'current' | 'legacy';
  stateFile?: string;
  autoLink?: string;
}

interface SendOptions extends ControlOption {
  from: string;
  to?: string;
  wait?: number | true;
}

async function runSandbox({ autoLink, ...options }: RunOptions): Promise<void> {
  const { startSandbox } = await import('./index.js');
  const sandbox = await startSandbox({
    ...options,
    ...(autoLink !== undefined && { autoLink: { number: autoLink } }),
  });
  const account = autoLink ?? defaultAccount;
  console.log(
    [
      `An emulated WhatsApp Web ${sandbox.version} is running.`,
      '',
      'Run your bot against it:',
      `  WASUP_BROWSER_ARGS=${shellQuote(JSON.stringify(sandbox.browserArguments))} WASUP_ACCOUNTS=${account} npm start`,
      '',
      'A browser by hand, or another library, needs these arguments:',
      ...sandbox.browserArguments.map((argument) => `  ${shellQuote(argument)}`),
      '',
      `The control API is at ${sandbox.controlUrl}. Try, in another terminal:`,
      ...(autoLink === undefined ? [`  wasup sandbox link ${account}`] : []),
      "  wasup sandbox send '!ping' --wait",
      '  wasup sandbox status',
      '',
      'Ctrl-C stops it.',
    ].join('\n'),
  );
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await sandbox.close();
}

async function send(text: string, { control, from, to, wait }: SendOptions): Promise<void> {
  const account = await accountOf(control, to);
  const { length: after } = (await askControl(control, `/phones/${account}/sent`)) as unknown as unknown[];
  const { id } = await askControl(control, `/phones/${account}/receive-text`, { from, body: text });
  console.log(`+${from} → +${account}: ${text} (${String(id)})`);
  if (wait === undefined) return;
  const timeoutMs = wait === true ? defaultReplyMs : wait;
  const chat = from.includes('@') ? from : `${from}@c.us`;
  const reply = await askControl(control, `/phones/${account}/wait-for-sent`, { to: chat, after, timeoutMs });
  console.log(`+${account} → +${from}: ${String(reply['body'])}`);
}

async function accountOf(control: string, given: string | undefined): Promise<string> {
  if (given !== undefined) {
    const status = await askControl(control, `/phones/${given}`);
    if (status['linked'] === true) return given;
    throw new RefusedByControl(`No device is linked to ${given}. Start a bot, then: wasup sandbox link ${given}`);
  }
  const { phones } = (await askControl(control, '/status')) as unknown as SandboxDescription;
  const linked = phones.filter((phone) => phone.linked);
  const [account] = linked;
  if (account && linked.length === 1) return account.number;
  if (!account) throw new RefusedByControl('No account is linked. Start a bot, then: wasup sandbox link <number>');
  throw new RefusedByControl(
    `Several accounts are linked (${linked.map(({ number }) => number).join(', ')}): say --to.`,
  );
}

function printStatus({ version, port, counters, phones, unknownModules, pageErrors }: SandboxDescription): void {
  console.log(
    `WhatsApp Web ${version} on port ${port}; ${counters.pageLoads} page loads, ${counters.qrRefsServed} QR codes.`,
  );
  for (const { number, linked, connected, synced, undelivered } of phones) {
    const state = synced ? 'synced' : connected ? 'connected' : linked ? 'linked, offline' : 'not linked';
    console.log(`+${number}: ${state}${undelivered > 0 ? `, ${undelivered} undelivered` : ''}`);
  }
  if (unknownModules.length > 0) console.log(`Modules asked for and not emulated: ${unknownModules.join(', ')}`);
  if (pageErrors.length > 0) console.log(`Mistakes of the emulation:\n${pageErrors.join('\n')}`);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError('A port is 0 to 65535.');
  return port;
}

function parseMilliseconds(text: string): number {
  const milliseconds = Number(text);
  if (!Number.isInteger(milliseconds) || milliseconds < 1) throw new InvalidArgumentError('Give milliseconds.');
  return milliseconds;
}
