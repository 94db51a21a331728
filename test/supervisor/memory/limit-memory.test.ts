import { readFileSync } from 'node:fs';

import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { limitedNode, limitWithinGroup } from '../../../supervisor/memory/limit-memory.js';
import { raiseOomScore, readOomKills } from '../../../supervisor/memory/oom-score.js';
import { failureOfExit } from '../../../supervisor/exit-failure.js';

const linux = { platform: 'linux', nodeOptions: undefined } as const;

describe('a limit for the memory of a worker', () => {
  it('is kept by the kernel, however fast a bot takes what it can get', async () => {
    const program = `
      const kept = [];
      try { for (;;) kept.push(Buffer.alloc(10e6, 1)); }
      catch (error) { process.stdout.write(error.name + ' ' + kept.length * 10); }`;
    const { file, words } = limitedNode(process.execPath, ['-e', program], { ...linux, limitMb: 600 });
    const { stdout } = await execa(file, words);
    const [, megabytes] = /^RangeError (\d+)$/.exec(stdout) ?? [];
    expect(Number(megabytes)).toBeGreaterThan(300);
    expect(Number(megabytes)).toBeLessThan(600);
  });

  it('is kept by a JavaScript heap as well: the process ends, and that is told as what it is', async () => {
    const program = 'const kept = []; for (let size = 1e6; ; size += 1) kept.push(new Array(size).fill(size + 0.5));';
    const { file, words } = limitedNode(process.execPath, ['-e', program], { ...linux, limitMb: 600 });
    const { signal, exitCode } = await execa(file, words, { reject: false });
    const failure = failureOfExit({ code: exitCode ?? null, signal: signal ?? null });
    expect(failure).toMatchObject({
      class: 'TRANSIENT',
      reason: expect.stringMatching(/its memory was full/) as string,
    });
    expect(failure.userAction).toMatch(/WASUP_MEMORY_HARD_LIMIT_MB/);
  });

  it('leaves the words of the worker as they are, whatever is in them', async () => {
    const word = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\0', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 4 }), async (given) => {
        const program = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
        const { file, words } = limitedNode(process.execPath, ['-e', program, '--', ...given], {
          ...linux,
          limitMb: 600,
        });
        const { stdout } = await execa(file, words);
        expect(JSON.parse(stdout)).toEqual(given.map((text) => Buffer.from(text).toString()));
      }),
      { numRuns: 5 },
    );
  });

  it('is none when the limit is 0, a limit for the heap alone where the kernel has none, and the operator’s own heap limit stays', () => {
    expect(limitedNode('node', ['a'], { ...linux, limitMb: 0 })).toEqual({ file: 'node', words: ['a'] });
    const elsewhere = limitedNode('node', ['a'], { platform: 'darwin', nodeOptions: '', limitMb: 1_000 });
    expect(elsewhere).toEqual({ file: 'node', words: ['--max-old-space-size=700', 'a'] });
    const own = limitedNode('node', ['a'], { ...linux, nodeOptions: '--max_old_space_size=99', limitMb: 1_000 });
    expect(own.words.slice(-2)).toEqual(['node', 'a']);
  });
});

describe('the limit of a worker in a control group', () => {
  it('is the lower one of its own and the group’s; a group without a limit changes nothing', () => {
    expect(limitWithinGroup(3_000, 1_000_000_000)).toBe(953);
    expect(limitWithinGroup(500, 1_000_000_000)).toBe(500);
    // What Node says where there is none: undefined or 0, the largest number of 64 bits for groups of the first version.
    for (const none of [undefined, 0, 2 ** 64]) expect(limitWithinGroup(3_000, none)).toBe(3_000);
    expect(limitWithinGroup(0, 1_000_000_000)).toBe(0);
  });
});

describe('the choice of the kernel when memory runs out', () => {
  it('falls on what was raised, and on no process less than before', async () => {
    const subprocess = execa(process.execPath, ['-e', 'setInterval(() => 1, 1000)'], { reject: false });
    const { pid = 0 } = subprocess;
    const score = (): number => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));
    const before = score();
    raiseOomScore(pid, before + 100);
    expect(score()).toBe(before + 100);
    raiseOomScore(pid, before);
    expect(score()).toBe(before + 100);
    subprocess.kill('SIGKILL');
    await subprocess;
    expect(() => raiseOomScore(pid, 900)).not.toThrow();
  });

  it('is counted, and told as the end of a worker that was killed then', () => {
    expect(readOomKills()).toBeGreaterThanOrEqual(0);
    const exit = { code: null, signal: 'SIGKILL' } as const;
    expect(failureOfExit({ ...exit, memoryRanOut: true }).reason).toMatch(/by the kernel because the memory/);
    expect(failureOfExit(exit).reason).toBe('The worker was killed (SIGKILL)');
  });
});
