import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import { MemoryMeter } from '../../../supervisor/memory/memory-meter.js';
import type { ProcessPlace } from '../../../shared/process-places.js';
import { findTree } from '../../../supervisor/memory/process-tree.js';
import { readPssBytes } from '../../../supervisor/memory/read-process-memory.js';
import { readTreeMemory } from '../../../supervisor/memory/read-tree-memory.js';
import { isAlive } from '../../support/processes.js';
import { until } from '../../support/until.js';

const megabyte = 1024 * 1024;

describe('a tree', () => {
  const places: ProcessPlace[] = [
    { id: 1, parent: 0, group: 1 },
    { id: 10, parent: 1, group: 10 },
    { id: 11, parent: 10, group: 10 },
    { id: 12, parent: 11, group: 12 },
    { id: 13, parent: 1, group: 10 },
    { id: 20, parent: 1, group: 20 },
    { id: 30, parent: 1, group: 30 },
  ];

  it('has its root, the root’s group and whoever descends from these, and nobody else', () => {
    expect(findTree([10], places)).toEqual([10, 11, 12, 13]);
    expect(findTree([10, 20], places)).toEqual([10, 11, 12, 13, 20]);
    expect(findTree([99], places)).toEqual([]);
  });

  it('is found in any table, also one whose parents run in a circle', () => {
    const anyPlace = fc.record({
      id: fc.integer({ min: 1, max: 30 }),
      parent: fc.integer({ min: 1, max: 30 }),
      group: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(anyPlace, { selector: ({ id }) => id }), (some) => {
        const tree = findTree([1], some);
        expect(new Set(tree).size).toBe(tree.length);
        for (const { id, parent } of some) if (tree.includes(parent)) expect(tree).toContain(id);
      }),
    );
  });
});

/** Has a child that holds so many megabytes for each number that comes in. */
const parentScript = `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', process.env.HOLDER], { stdio: ['pipe', 'inherit', 'inherit'] });
  process.stdin.pipe(child.stdin);
  setInterval(() => undefined, 60_000);
`;
const holder = `
  const held = [];
  process.stdin.on('data', (line) => {
    held.push(Buffer.alloc(Number(line) * 1024 * 1024, 1));
    process.stdout.write('held\\n');
  });
`;

const spawned: ChildProcess[] = [];
afterEach(async () => {
  for (const child of spawned.splice(0)) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    process.kill(-child.pid, 'SIGKILL');
    await ended;
  }
});

interface Held {
  readonly pid: number;
  readonly child: ChildProcess;
  hold(megabytes: number): Promise<void>;
}

function startHolder(): Held {
  const child = spawn(process.execPath, ['-e', parentScript], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { HOLDER: holder },
  });
  spawned.push(child);
  if (child.pid === undefined) throw new Error('not spawned');
  return {
    pid: child.pid,
    child,
    hold: async (megabytes) => {
      child.stdin.write(String(megabytes));
      await once(child.stdout, 'data');
    },
  };
}

describe.runIf(process.platform === 'linux')('memory of living processes', () => {
  it('counts what a descendant holds, and each process once', async () => {
    const held = startHolder();
    await held.hold(1);
    const before = await readTreeMemory([held.pid]);
    await held.hold(100);
    const after = await readTreeMemory([held.pid, held.pid]);
    expect(after?.processIds).toHaveLength(2);
    const growth = ((after?.bytes ?? 0) - (before?.bytes ?? 0)) / megabyte;
    expect(growth).toBeGreaterThan(95);
    expect(growth).toBeLessThan(130);
  });

  it('isn’t there for processes that aren’t', async () => {
    const held = startHolder();
    await held.hold(1);
    process.kill(-held.pid, 'SIGKILL');
    await until(() => (isAlive(held.pid) ? undefined : true), { expectation: () => 'the process to end' });
    expect(await readTreeMemory([held.pid])).toBeUndefined();
    expect(await readPssBytes(held.pid)).toBeUndefined();
    expect(await new MemoryMeter().read([held.pid])).toBeUndefined();
  });

  it('is seen growing without a measurement, and measured when it has grown much or was replaced', async () => {
    const held = startHolder();
    await held.hold(1);
    const meter = new MemoryMeter();
    const first = (await meter.read([held.pid])) ?? 0;
    await held.hold(3);
    const looked = (await meter.read([held.pid])) ?? 0;
    expect((looked - first) / megabyte).toBeGreaterThan(2);
    await held.hold(100);
    const grown = (await meter.read([held.pid])) ?? 0;
    expect(grown).toBeGreaterThan(first + 95 * megabyte);
    const exact = (await meter.read([held.pid], true)) ?? 0;
    expect(Math.abs(exact - grown) / megabyte).toBeLessThan(20);

    const [child] = (await readTreeMemory([held.pid]))?.processIds.filter((id) => id !== held.pid) ?? [];
    if (child === undefined) throw new Error('there is no child');
    process.kill(child, 'SIGKILL');
    await until(() => (isAlive(child) ? undefined : true), { expectation: () => 'the child to end' });
    expect(await meter.read([held.pid])).toBeLessThan(first);
  });
});
