import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import type { Phone, Sandbox } from '../sandbox/index.js';
import type { Configuration } from '../shared/configuration/compile-configuration.js';
import { describeError } from '../shared/errors.js';
import type { Output } from '../shared/logger.js';
import type { Account } from './account.js';
import type { Supervisor } from './supervisor.js';

/** Numbers of the North American plan that are kept free for fiction. */
const accountNumber = '12025550100';
const contactNumber = '12025550123';
/** Long enough to see the QR, short enough not to wait for it. */
const scanDelayMs = 2_000;
/** Where `wasup sandbox send` looks by itself. */
const preferredControlPort = 8788;

export interface Demonstration {
  /** The configuration with the sandbox's account and browser arguments filled in. */
  readonly configuration: Configuration;
  /** Plays the other side for these accounts and tells the user what can be tried. */
  accompany(supervisor: Supervisor): void;
  close(): Promise<void>;
}

/** An emulated WhatsApp with a phone that scans, and a contact who writes: everything real but WhatsApp itself. */
export async function startDemonstration(configuration: Configuration, output: Output): Promise<Demonstration> {
  const { startSandbox } = await import('../sandbox/index.js');
  const directory = join(configuration.sessionsDirectory, '.sandbox');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const open = (controlPort: number): Promise<Sandbox> =>
    startSandbox({
      controlPort,
      stateFile: join(directory, 'state.json'),
      autoLink: { number: accountNumber, delayMs: scanDelayMs },
    });
  // Somebody may take the port between the look and the start.
  const sandbox = (await isFree(preferredControlPort))
    ? await open(preferredControlPort).catch(() => open(0))
    : await open(0);
  output.banner('NO ACCOUNT CONFIGURED - RUNNING AGAINST THE SANDBOX', [
    'An emulated WhatsApp on this machine. Bot, browser, library and supervisor are the real ones.',
    `Account +${accountNumber}; its phone scans the QR code by itself after ${scanDelayMs / 1_000} s.`,
  ]);
  let closed = false;
  return {
    configuration: Object.freeze({
      ...configuration,
      accounts: [accountNumber],
      browser: {
        ...configuration.browser,
        arguments: [...configuration.browser.arguments, ...sandbox.browserArguments],
      },
    }),
    accompany: (supervisor) => {
      const [account] = supervisor.accounts;
      // Another bot than ours may have nothing to say to a `!ping`.
      const greets = configuration.botModule === undefined;
      if (account !== undefined) accompany(account, sandbox, output, { greets, isClosed: () => closed });
    },
    close: () => {
      closed = true;
      return sandbox.close();
    },
  };
}

interface Company {
  readonly greets: boolean;
  readonly isClosed: () => boolean;
}

function accompany(account: Account, sandbox: Sandbox, output: Output, { greets, isClosed }: Company): void {
  const phone = sandbox.phone(accountNumber);
  tellReplies(phone, output);
  let explained = false;
  account.on('message', (message) => {
    if (message.type !== 'listening') return;
    if (explained) {
      output.log.info(
        `Once more: kill -9 ${account.workerPid ?? ''} (worker), kill -9 ${account.browserPid ?? ''} (browser).`,
      );
      return;
    }
    explained = true;
    const greeting = greets ? greet(phone, output) : Promise.resolve();
    void greeting
      .catch((error: unknown) => {
        if (!isClosed()) output.log.error(`The sandbox's contact got no answer: ${describeError(error)}`);
      })
      .then(() => {
        if (!isClosed()) explain(account, sandbox, output);
      });
  });
}

/** The first message, so that a newcomer sees one go in and its answer come out. */
async function greet(phone: Phone, output: Output): Promise<void> {
  output.log.info(`Sandbox: +${contactNumber} writes "!ping" to the bot.`);
  const { id } = await phone.receiveText({ from: contactNumber, body: '!ping' });
  await phone.waitForSent(({ quotedMessageId }) => quotedMessageId === id);
}

/** Tells what arrives at the contacts, as it arrives. */
function tellReplies(phone: Phone, output: Output): void {
  let told = phone.sent.length;
  const next = async (): Promise<void> => {
    const message = await phone.waitForSent((candidate) => phone.sent.indexOf(candidate) >= told, {
      timeoutMs: 2 ** 31 - 1,
    });
    told = phone.sent.indexOf(message) + 1;
    const how = message.quotedMessageId === undefined ? '' : ' (quoted)';
    output.log.info(`Sandbox: the bot answered "${message.body}"${how} to +${message.to.split('@')[0] ?? ''}.`);
    await next();
  };
  // Ends with the sandbox.
  next().catch(() => undefined);
}

function explain(account: Account, sandbox: Sandbox, output: Output): void {
  const control = sandbox.controlUrl.endsWith(`:${preferredControlPort}`) ? '' : ` --control ${sandbox.controlUrl}`;
  output.banner('TRY IT', [
    `Kill the worker:      kill -9 ${account.workerPid ?? ''}`,
    `Kill the browser:     kill -9 ${account.browserPid ?? ''}`,
    `Send a message:       npx wasup sandbox send '!ping' --wait${control}`,
    'Use a real number:    WASUP_ACCOUNTS=<your number> npm start',
    'Your own bot:         WASUP_BOT=./my-bot.js npm start',
    'Stop:                 Ctrl-C',
  ]);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
