import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { accountNumber, contactNumber, type ListeningStatus, Stage } from '../support/stage.js';
import { until } from '../support/until.js';

describe('npm run dev', () => {
  let stage: Stage;
  let development: ChildProcess;
  let output: string;

  beforeEach(async () => {
    stage = await Stage.open({ autoLink: { number: accountNumber } });
  });
  afterEach(async () => {
    try {
      await pressCtrlC();
    } finally {
      await stage.close();
    }
  });

  it('takes over a bot that was changed, in a new worker on the browser that runs', async () => {
    // Of its own folder: everything beside a bot is watched.
    const bot = join(stage.folder, 'bot', 'bot.mjs');
    await mkdir(join(stage.folder, 'bot'));
    await writeFile(bot, botThatSays('as it was'));
    startDevelopment(bot);
    const before = await waitUntilListening();
    expect(await ask()).toBe('as it was');

    await writeFile(bot, botThatSays('as it is now'));
    const after = await waitUntilListening(before);
    expect(after.browserPid).toBe(before.browserPid);
    expect(await ask()).toBe('as it is now');
  });

  const botThatSays = (text: string): string =>
    `export default { onMessage: (_message, context) => context.reply(${JSON.stringify(text)}) };\n`;

  /** In a group of its own, as a shell starts it. */
  function startDevelopment(bot: string): void {
    // The machine's settings, but nothing of the caller's own wasup or of the test runner.
    const inherited = Object.entries(process.env).filter(([name]) => !/^(WASUP_|VITEST|NODE_|npm_)/.test(name));
    development = spawn('npm', ['run', 'dev'], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: {
        ...Object.fromEntries(inherited),
        WASUP_ACCOUNTS: accountNumber,
        WASUP_SESSIONS_DIR: stage.sessionsFolder,
        WASUP_BROWSER_ARGS: JSON.stringify(stage.sandbox.browserArguments),
        WASUP_BOT: bot,
      },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    output = '';
    for (const stream of [development.stdout, development.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
  }

  async function waitUntilListening(before?: ListeningStatus): Promise<ListeningStatus> {
    const status = await until(
      async () => {
        if (development.exitCode !== null) throw new Error(`npm run dev has ended.\n${output}`);
        const latest = await stage.status();
        return latest.isActive && latest.workerPid !== before?.workerPid ? latest : undefined;
      },
      { expectation: () => `the bot to listen${before === undefined ? '' : ' in another worker'}.\n${output}` },
    );
    return status as ListeningStatus;
  }

  async function ask(): Promise<string> {
    const { id } = await stage.phone.receiveText({ from: contactNumber, body: 'How is it?' });
    return (await stage.phone.waitForSent(({ quotedMessageId }) => quotedMessageId === id)).body;
  }

  /** A terminal sends it to everything that it has started. */
  async function pressCtrlC(): Promise<void> {
    if (development.pid === undefined || development.exitCode !== null) return;
    const ended = once(development, 'close');
    process.kill(-development.pid, 'SIGINT');
    await ended;
  }
});
