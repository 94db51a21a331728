import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Command, CommanderError } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { addSandboxCommand } from '../../sandbox/command.js';
import { askControl, NoAnswer, NoSandbox } from '../../sandbox/control/client.js';
import type { Sandbox } from '../../sandbox/index.js';
import { startSandbox } from '../../sandbox/index.js';
import { createProfile, startPlainLibrary } from './plain-library.js';

let sandbox: Sandbox;
let output = '';

beforeAll(async () => {
  sandbox = await startSandbox();
});

beforeEach(() => {
  output = '';
  vi.spyOn(console, 'log').mockImplementation((text: string) => void (output += `${text}\n`));
});

afterEach(() => vi.restoreAllMocks());
afterAll(() => sandbox.close());

/** Runs `wasup sandbox …` as the program would; 0 or the exit code that was asked for. */
async function run(...words: string[]): Promise<number> {
  const program = new Command('wasup').exitOverride().configureOutput({
    writeErr: (text) => void (output += text),
    writeOut: (text) => void (output += text),
  });
  addSandboxCommand(program);
  try {
    await program.parseAsync(['sandbox', ...words], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    throw error;
  }
}

test('without a sandbox every subcommand ends with 69 and says how to start one', async () => {
  for (const words of [['status'], ['send', 'hello'], ['link'], ['unlink'], ['drop'], ['reload']]) {
    expect(await run(...words, '--control', 'http://127.0.0.1:9')).toBe(69);
    expect(output).toContain('Start one with: wasup sandbox');
  }
});

test('a sandbox that gives no answer in time is told apart from one that is not there', async () => {
  const mute = createServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const control = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
  await expect(askControl(control, '/status', undefined, { deadlineMs: 50 })).rejects.toThrow(NoAnswer);
  mute.close();
  await expect(askControl('http://127.0.0.1:9', '/status')).rejects.toThrow(NoSandbox);
}, 10_000);

test('status shows version, port and phones', async () => {
  sandbox.phone('15550001000');
  expect(await run('status', '--control', sandbox.controlUrl)).toBe(0);
  expect(output).toContain(`port ${sandbox.port}`);
  expect(output).toContain('+15550001000: not linked');
});

test('link and send --wait show the way of a message to the bot and back', async () => {
  const profile = await createProfile();
  const library = startPlainLibrary(sandbox, profile.folder);
  library.client.on('message', (message) => void message.reply('pong'));
  expect(await run('link', '15550001000', '--control', sandbox.controlUrl)).toBe(0);
  await library.next('ready');
  expect(await run('send', '!ping', '--from', '15551234567', '--wait', '--control', sandbox.controlUrl)).toBe(0);
  expect(output).toContain('+15551234567 → +15550001000: !ping');
  expect(output).toContain('+15550001000 → +15551234567: pong');
  expect(await run('unlink', '--control', sandbox.controlUrl)).toBe(0);
  expect(sandbox.phone('15550001000').status.linked).toBe(false);
  await library.next('qr');
  await library.stop();
  await profile.remove();
});

test('sending to nobody says how to link', async () => {
  expect(await run('send', 'hello', '--control', sandbox.controlUrl)).toBe(1);
  expect(output).toContain('wasup sandbox link');
  expect(await run('send', 'hello', '--to', '15550001000', '--control', sandbox.controlUrl)).toBe(1);
  expect(output).toContain('No device is linked to 15550001000');
});

test('wrong usage is refused with words', async () => {
  expect(await run('--port', 'soon')).not.toBe(0);
  expect(output).toContain('A port is 0 to 65535');
  expect(await run('--build', 'old')).not.toBe(0);
  expect(await run('frob')).toBe(64);
  expect(output).toContain("There is no command 'frob'. There are: status, send, link, scan, unlink, drop, reload.");
  expect(await run('frob', '--port', '0')).toBe(64);
  expect(await run('send')).not.toBe(0);
  expect(output).toContain("missing required argument 'text'");
});
