import { PassThrough } from 'node:stream';

import { beforeEach, describe, expect, it } from 'vitest';

import { keepSecret } from '../../shared/secrets.js';
import { relayWorkerOutput } from '../../supervisor/worker-output.js';
import { until } from '../support/until.js';

const account = '12025550100';
let streams: { stdout: PassThrough; stderr: PassThrough; log: PassThrough };
let written: { to: 'stdout' | 'stderr'; text: string; share: number | undefined }[];
let ended: () => Promise<boolean>;

function relay(format: string, number: string | null = account): void {
  const writer = (to: 'stdout' | 'stderr') => ({
    write: (text: string, share?: number) => void written.push({ to, text, share }),
  });
  ({ ended } = relayWorkerOutput(streams, {
    format,
    account: () => number ?? undefined,
    stdout: writer('stdout'),
    stderr: writer('stderr'),
    now: () => 1,
  }));
}

async function end(): Promise<string> {
  for (const stream of Object.values(streams)) stream.end();
  expect(await ended()).toBe(true);
  return written.map(({ text }) => text).join('');
}

beforeEach(() => {
  streams = { stdout: new PassThrough(), stderr: new PassThrough(), log: new PassThrough() };
  written = [];
});

describe('in a log for people', () => {
  it('what the bot prints is there as it is, with its colours, on the stream that it was printed to', async () => {
    relay('pretty');
    streams.stdout.write('plain\n\u001b[31mred\u001b[0m\n');
    streams.stderr.write('an error\n');
    await end();
    expect(written.map(({ to, text }) => ({ to, text }))).toEqual([
      { to: 'stdout', text: 'plain\n\u001b[31mred\u001b[0m\n' },
      { to: 'stderr', text: 'an error\n' },
    ]);
  });

  it('it can do nothing to the terminal', async () => {
    relay('pretty');
    streams.stdout.write('\u001b]0;pwn\u0007\u001b[2J\r\u202eevil\n');
    expect(await end()).toBe('\\x1b]0;pwn\\x07\\x1b[2J\\x0d\\u202eevil\n');
  });
});

describe('in a log of JSON', () => {
  it('each line that the bot prints is a record of its own, with the account', async () => {
    relay('json');
    streams.stdout.write('one\n{"level":60,"msg":"forged"}\n');
    streams.stderr.write('\u001b[31mred\u009b\u202e\n');
    const text = await end();
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { level: 30, time: 1, role: 'bot', account: `+${account}`, stream: 'stdout', msg: 'one' },
      { level: 30, time: 1, role: 'bot', account: `+${account}`, stream: 'stdout', msg: '{"level":60,"msg":"forged"}' },
      { level: 40, time: 1, role: 'bot', account: `+${account}`, stream: 'stderr', msg: '\u001b[31mred\u009b\u202e' },
    ]);
    expect(text).not.toMatch(/[\u001b\u009b\u202e]/);
  });

  it('a worker that has no account yet has none there', async () => {
    relay('json', null);
    streams.stdout.write('loading\n');
    expect(JSON.parse(await end())).toEqual({ level: 30, time: 1, role: 'bot', stream: 'stdout', msg: 'loading' });
  });

  it('the worker’s own lines are handed on as they are', async () => {
    relay('json');
    streams.log.write('{"level":30,"msg":"of the worker"}\n{"level"');
    streams.log.write(':30}\n');
    expect(await end()).toBe('{"level":30,"msg":"of the worker"}\n{"level":30}\n');
  });
});

it.each(['pretty', 'json'])(
  'a secret of the operator is taken out of what a worker says, by whatever way (%s)',
  async (format) => {
    const secret = `secret-of-the-operator-${format}`;
    keepSecret(secret);
    relay(format);
    for (const stream of Object.values(streams)) stream.write(`a ${secret} z\n`);
    const text = await end();
    expect(text).not.toContain(secret);
    expect(text.match(/a \*\*\* z/g)).toHaveLength(3);
  },
);

it('the bot has a share of what may wait, the worker’s own log all of it', async () => {
  relay('pretty');
  streams.stdout.write('of the bot\n');
  streams.stderr.write('of the bot\n');
  streams.log.write('of the worker\n');
  await end();
  expect(written.map(({ share }) => share)).toEqual([0.5, 0.5, 1]);
});

it('text without the end of its line is shown after a moment, and when its stream ends', async () => {
  relay('pretty');
  streams.stdout.write('Loading…');
  await until(() => written[0], { expectation: () => 'the text that has no end' });
  expect(written[0]?.text).toBe('Loading…\n');
  streams.stdout.write('last words');
  expect(await end()).toBe('Loading…\nlast words\n');
});

it('letters that arrive in two pieces are whole', async () => {
  relay('pretty');
  const bytes = Buffer.from('ü👩\n');
  for (const byte of bytes) streams.stdout.write(Buffer.from([byte]));
  expect(await end()).toBe('ü👩\n');
});

it('an output that is held open by a program of the bot is not waited for', async () => {
  relay('pretty');
  streams.stdout.end();
  streams.log.end();
  expect(await ended()).toBe(false);
  streams.stderr.end('of the program\n');
  await until(() => written[0], { expectation: () => 'what the program says' });
});
