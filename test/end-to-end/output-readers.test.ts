import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { DeviceStatus } from '../../shared/device-status.js';
import { accountNumber, fixture, Stage } from '../support/stage.js';
import { inheritedEnvironment } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

/** Of util-linux: gives a program a terminal of its own. */
const script = '/usr/bin/script';
const entry = fileURLToPath(new URL('../../supervisor/index.js', import.meta.url));
/** Far below what a stop may take, and far above what it takes. */
const stopTimeoutMs = 15_000;

let stage: Stage;
let before: DeviceStatus;
/** What was read of the supervisor's output. */
let read: string;
let program: ChildProcess;

beforeEach(async () => {
  stage = await Stage.open({ autoLink: { number: accountNumber } });
  read = '';
});
afterEach(async () => {
  signal('SIGKILL');
  program.kill('SIGKILL');
  await stage.close();
});

/** Runs a supervisor, or a program that runs it, and reads what that prints. */
async function start(command: string, words: readonly string[], format: string): Promise<void> {
  const environment = { WASUP_BOT: fixture('printing-bot.js'), WASUP_LOG_FORMAT: format };
  program = spawn(command, words, {
    cwd: stage.workingDirectory,
    env: { ...inheritedEnvironment(), ...stage.environment, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [program.stdout, program.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (read += text));
  }
  before = await until(async () => asListening(await stage.status()), {
    expectation: () => `the account to listen.\n${read}`,
  });
}

function asListening(status: DeviceStatus): DeviceStatus | undefined {
  return status.isActive ? status : undefined;
}

/** Signals the supervisor itself. */
function signal(name: NodeJS.Signals): void {
  try {
    const { pid } = JSON.parse(readFileSync(join(stage.sessionsFolder, '.supervisor.json'), 'utf8')) as { pid: number };
    process.kill(pid, name);
  } catch {
    // It has gone.
  }
}

/** @param readers what may be left: the reader itself, and what has started it. */
async function stop(readers: readonly (number | undefined)[]): Promise<void> {
  signal('SIGTERM');
  await until(() => stage.processes.every(({ pid }) => readers.includes(pid)) || undefined, {
    timeoutMs: stopTimeoutMs,
    expectation: () => `all to end; there is ${stage.processes.map(({ commandLine }) => commandLine).join('\n')}`,
  });
}

function untilRead(pattern: RegExp): Promise<RegExpExecArray> {
  return until(() => pattern.exec(read) ?? undefined, {
    expectation: () => `${String(pattern)} in ${read.slice(-2_000)}`,
  });
}

/** It answers, with the worker that it had, and says so; SIGTERM ends all in order. */
async function expectUnmoved(...readers: readonly (number | undefined)[]): Promise<void> {
  for (const body of ['!one', '!two', '!three']) expect((await stage.ask(body)).body).toBe('pong');
  expect(await stage.status()).toMatchObject({
    isActive: true,
    workerPid: before.workerPid,
    browserPid: before.browserPid,
  });
  await stop(readers);
  expect(await stage.status()).toMatchObject({ state: 'stopped', isActive: false });
}

describe.runIf(process.platform === 'linux')('a reader of the output', () => {
  it('gets what the bot and its programs print, as records, and costs nothing when it goes', async () => {
    await start(process.execPath, [entry], 'json');
    await stage.ask('\u001b[2J\u202eevil\n{"level":60,"msg":"forged"}');
    await untilRead(/ECHOED/);
    const lines = read.trim().split('\n');
    const records = lines.map((line) => JSON.parse(line) as { role?: string; stream?: string; msg: string });
    const printed = records.filter(({ stream }) => stream !== undefined);
    expect(printed.filter(({ stream }) => stream === 'stdout').map(({ msg }) => msg)).toEqual([
      'PRINTED \u001b[2J\u202eevil',
      '{"level":60,"msg":"forged"}',
      'ECHOED',
    ]);
    expect(printed).toContainEqual(
      expect.objectContaining({ role: 'bot', account: `+${accountNumber}`, stream: 'stderr', level: 40 }),
    );
    expect(read).not.toMatch(/[\u001b\u202e]/);

    program.stdout?.destroy();
    program.stderr?.destroy();
    await expectUnmoved();
  });

  it('that stands still holds nothing up, not even a stop; when it reads again it is told how much was dropped', async () => {
    const pipe = `"$0" "$1" 2>&1 | sh -c 'echo "READER $$"; exec cat'`;
    await start('/bin/sh', ['-c', pipe, process.execPath, entry], 'pretty');
    const reader = Number((await untilRead(/READER (\d+)/))[1]);
    process.kill(reader, 'SIGSTOP');
    try {
      expect((await stage.ask('!flood 3')).body).toBe('pong');
      expect((await stage.ask('!after')).body).toBe('pong');
      expect(read).not.toContain('PRINTED !after');
      process.kill(reader, 'SIGCONT');
      await untilRead(/\d{3,} lines were dropped here/);
      await stage.ask('!again');
      await untilRead(/PRINTED !again/);
      process.kill(reader, 'SIGSTOP');
      await stage.ask('!flood 3');
      await expectUnmoved(program.pid, reader);
    } finally {
      process.kill(reader, 'SIGCONT');
    }
  });
});

it.runIf(existsSync(script))('a terminal that stands still (Ctrl-S) holds nothing up, not even a stop', async () => {
  await start(script, ['-qec', `'${process.execPath}' '${entry}'`, '/dev/null'], 'pretty');
  await untilRead(/DEVICE LINKED/);
  // Then `script` stops reading the terminal, too.
  program.stdout?.pause();
  expect((await stage.ask('!flood 1')).body).toBe('pong');
  await expectUnmoved(program.pid);
});
