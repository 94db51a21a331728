import { execFile, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import type { LogOptions } from '../../shared/logger.js';

const worker = { role: 'worker', account: '+12025550100' };
type Script = readonly (readonly [string, ...unknown[]])[];

describe('the log for machines', () => {
  it('is one JSON object a line, with the level, the time and who said it', async () => {
    const lines = await say('json', worker, [
      ['info', 'first'],
      ['warn', { class: 'NETWORK' }, 'second\nstill the second'],
    ]);
    expect(lines.map(parse)).toEqual([
      { level: 30, time: expect.any(Number) as number, ...worker, msg: 'first' },
      { level: 40, time: expect.any(Number) as number, ...worker, class: 'NETWORK', msg: 'second\nstill the second' },
    ]);
  });

  it('has a banner as one record: its title as the message, its lines as details', async () => {
    const lines = await say('json', {}, [
      ['banner', 'SCAN QR CODE TO LINK DEVICE', ['Account: +12025550100', 'Code 1 of 18']],
      ['banner', 'TITLE ALONE'],
    ]);
    expect(lines.map(parse)).toMatchObject([
      { msg: 'SCAN QR CODE TO LINK DEVICE', details: ['Account: +12025550100', 'Code 1 of 18'] },
      { msg: 'TITLE ALONE', details: [] },
    ]);
  });

  it('has nothing of what is printed for people: a QR code opens the account to whoever reads it', async () => {
    expect(
      await say('json', {}, [
        ['print', 'QR'],
        ['info', 'said'],
      ]),
    ).toHaveLength(1);
  });

  it('has the stack of an error', async () => {
    const [line = ''] = await say('json', {}, [['error', 'too bad', 'it failed']]);
    expect(parse(line)).toMatchObject({
      msg: 'it failed',
      err: { message: 'too bad', stack: expect.stringContaining('say.js') as string },
    });
  });
});

describe('the log for people', () => {
  it('is a line with the time, the level and who said it', async () => {
    const [line] = await say('pretty', worker, [['info', 'hello']]);
    expect(line).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: worker \+12025550100: hello$/);
  });

  it('draws a banner as a box around its title, and its lines below', async () => {
    const lines = await say('pretty', worker, [['banner', 'DEVICE LINKED', ['Account: +12025550100', 'x'.repeat(80)]]]);
    const rule = '='.repeat(82);
    expect(lines).toEqual(['', rule, ' DEVICE LINKED', rule, ' Account: +12025550100', ` ${'x'.repeat(80)}`, rule, '']);
  });

  it('prints what is for people as it is', async () => {
    expect(await say('pretty', worker, [['print', '█▀▀█\n▀  ▀']])).toEqual(['█▀▀█', '▀  ▀']);
  });

  it('keeps stacks for those who debug', async () => {
    const script: Script = [['error', 'too bad', 'it failed: too bad']];
    expect((await say('pretty', {}, script)).join('\n')).not.toMatch(/^\s+at /m);
    expect((await say({ format: 'pretty', level: 'debug' }, {}, script)).join('\n')).toMatch(/^\s+at .*say\.js/m);
  });

  it('has no colours where nobody would see them', async () => {
    expect(
      (
        await say('pretty', worker, [
          ['error', 'too bad', 'it failed'],
          ['banner', 'TITLE'],
        ])
      ).join('\n'),
    ).not.toContain('\u001b');
  });
});

describe.each(['json', 'pretty'] as const)('the log as %s', (format) => {
  it('leaves out what is below its level', async () => {
    const lines = await say({ format, level: 'warn' }, {}, [
      ['debug', 'no'],
      ['info', 'no'],
      ['warn', 'yes'],
      ['fatal', 'yes'],
    ]);
    expect(lines).toHaveLength(2);
  });

  it('says nothing at all when it is to be silent', async () => {
    const script: Script = [
      ['fatal', 'no'],
      ['banner', 'NO', ['no']],
      ['print', 'no'],
    ];
    expect(await say({ format, level: 'silent' }, {}, script)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('never ends a process because it has no room', () => {
    const script = Array.from({ length: 100 }, () => ['info', 'x'.repeat(1_000)] as const);
    const { status, stderr } = sayTo('/dev/full', format, script);
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('has lost nothing when the process is killed', async () => {
    const script = Array.from({ length: 500 }, (_, index) => ['info', `line ${index}`] as const);
    const lines = await say(format, {}, [...script, ['die']]);
    expect(lines).toHaveLength(500);
    expect(lines.at(-1)).toContain('line 499');
  });
});

/** What a process writes that says this, a line each. */
function say(
  options: LogOptions | LogOptions['format'],
  bindings: Record<string, unknown>,
  script: Script,
): Promise<string[]> {
  const compiled = typeof options === 'string' ? { format: options, level: 'info' } : options;
  return new Promise((resolve) => {
    execFile(process.execPath, wordsFor(compiled, bindings, script), { encoding: 'utf8' }, (_error, stdout) => {
      resolve(stdout === '' ? [] : stdout.replace(/\n$/, '').split('\n'));
    });
  });
}

/** How a process ends whose stdout is this file. */
function sayTo(path: string, format: LogOptions['format'], script: Script) {
  const stdout = openSync(path, 'w');
  try {
    const words = wordsFor({ format, level: 'info' }, {}, script);
    return spawnSync(process.execPath, words, { encoding: 'utf8', stdio: ['ignore', stdout, 'pipe'] });
  } finally {
    closeSync(stdout);
  }
}

function wordsFor(options: LogOptions, bindings: Record<string, unknown>, script: Script): string[] {
  const fixture = fileURLToPath(new URL('fixtures/say.js', import.meta.url));
  return [fixture, JSON.stringify({ options, bindings, script })];
}

function parse(line: string): unknown {
  return JSON.parse(line);
}
