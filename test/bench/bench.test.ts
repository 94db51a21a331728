import { release } from 'node:os';
import { resolve } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { MeasuredProcess } from '../../bench/measured-process.js';
import { describeMachine } from '../../bench/report.js';
import { replaceSection } from '../../bench/results-file.js';

test('a process that is killed while a line of it is awaited is told at once', async () => {
  const killed = new MeasuredProcess(['-e', "process.kill(process.pid, 'SIGKILL')"], {
    environment: process.env,
    workingDirectory: resolve('.'),
  });
  await expect(killed.line(() => false)).rejects.toThrow('It ended too early');
}, 10_000);

test('a build that there is not is refused', async () => {
  const { exitCode, stderr } = await execa(process.execPath, ['--import', 'tsx', 'bench/run.ts', '--build', 'foo'], {
    reject: false,
    timeout: 20_000,
  });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('--build is current or legacy');
});

test('the report tells what the figures depend on, and no more of the machine', () => {
  expect(describeMachine()).not.toContain(release());
});

test('a section of the results takes the place of the earlier one, and leaves the others alone', () => {
  const first = replaceSection('', '## One\n\n1\n');
  expect(first).toBe('# Benchmarks\n\n## One\n\n1\n');
  const second = replaceSection(first, '## Two\n\n2\n');
  expect(second).toBe('# Benchmarks\n\n## One\n\n1\n\n## Two\n\n2\n');
  expect(replaceSection(second, '## One\n\n3\n')).toBe('# Benchmarks\n\n## One\n\n3\n\n## Two\n\n2\n');
});
