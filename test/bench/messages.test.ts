import { once } from 'node:events';
import { connect } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';

import { clockOffset } from '../../bench/clock-offset.js';
import { HandledMessages } from '../../bench/handled-messages.js';
import { measureMessageIntake } from '../../bench/message-intake.js';
import type { Circumstances } from '../../bench/report.js';
import { type MeasuredMessages, reportMessages } from '../../bench/report-messages.js';

const circumstances: Circumstances = {
  command: 'npm run bench -- messages',
  date: new Date('2026-11-27T00:00:00Z'),
  browserVersion: 'Chromium 156',
  libraryVersion: '1.34.7',
  load: 0,
};

/** From 1 to 100, times a factor: its median is 50, its p99 is 99. */
const hundred = (factor: number): number[] => Array.from({ length: 100 }, (_, index) => (index + 1) * factor);

const measured: MeasuredMessages = {
  intake: {
    messages: 100,
    rawBytes: 2_000,
    chats: 50,
    addedMs: hundred(0.01),
    takenMs: hundred(0.02),
    handledInMs: 50,
  },
  latency: {
    plain: { latenciesMs: hundred(0.1), clockOffsetMs: 0 },
    wasup: { latenciesMs: hundred(0.12), clockOffsetMs: -0.5 },
  },
  catchUp: [
    {
      none: { listeningMs: 300, readingMs: 2 },
      missed: { listeningMs: 700, readingMs: 150, untilLastMs: 400, wronglyHandled: 0 },
    },
    {
      none: { listeningMs: 310, readingMs: 3 },
      missed: { listeningMs: 800, readingMs: 160, untilLastMs: 500, wronglyHandled: 2 },
    },
  ],
  missed: 1_000,
};

describe('the report on messages', () => {
  const lines = reportMessages(measured, circumstances).split('\n');

  it('is one section', () => {
    expect(lines[0]).toBe('## Messages');
    expect(lines.filter((line) => line.startsWith('## '))).toHaveLength(1);
  });

  it('says how many messages a second come into the inbox, and how long each takes', () => {
    expect(lines).toContain('| `Inbox.add` | 1980 | 0.500 | 0.990 | 1.000 |');
    expect(lines).toContain("| the page's call → the library's message → inbox | 990 | 1.000 | 1.980 | 2.000 |");
    expect(lines).toContain('| … → handled by a bot that does nothing → done | 2000 |  |  |  |');
  });

  it('sets both sides beside each other, with what wasup adds', () => {
    expect(lines).toContain('| plain library | 100 | 5.00 | 9.90 | 10.00 |');
    expect(lines).toContain('| wasup | 100 | 6.00 | 11.88 | 12.00 |');
    expect(lines).toContain('| added by wasup |  | 1.00 | 1.98 |  |');
    expect(lines.join('\n')).toContain('0.00 and -0.50 ms');
  });

  it('sets a start after which something was missed beside one without, and tells what went wrong', () => {
    expect(lines).toContain('| worker assigned to the browser → listening | 300 | 310 | 700 | 800 |');
    expect(lines).toContain('| of that, reading what was missed | 2 | 3 | 150 | 160 |');
    expect(lines).toContain('| listening → the last one is with its handler |  |  | 400 | 500 |');
    expect(lines).toContain('| worker assigned → the last one is with its handler |  |  | 1100 | 1300 |');
    expect(lines.join('\n')).toContain('400 ms longer');
    expect(lines.join('\n')).toContain('Not handled exactly once: 2.');
  });
});

test('of two clocks no more is corrected than is proved, however long the ways between them take', () => {
  const delayMs = fc.integer({ min: 0, max: 1_000 });
  const ways = fc.array(fc.tuple(delayMs, delayMs), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.integer({ min: -5_000, max: 5_000 }), ways, (ahead, delays) => {
      const looks = delays.map(([there, back], index) => {
        const before = index * 10_000;
        return { before, page: before + there + ahead, after: before + there + back };
      });
      const offset = clockOffset(looks);
      const shortestWayMs = Math.min(...delays.map((way) => way[ahead > 0 ? 1 : 0]));
      expect(offset).toBe(Math.sign(ahead) * Math.max(0, Math.abs(ahead) - shortestWayMs) || 0);
    }),
  );
});

test('every message of an intake is measured, each from the call of the page until it is done', async () => {
  const { messages, addedMs, takenMs, handledInMs } = await measureMessageIntake(60);
  expect([messages, addedMs.length, takenMs.length]).toEqual([60, 60, 60]);
  expect(handledInMs).toBeGreaterThan(0);
});

describe('what has been handled', () => {
  it('is heard of from several processes, once each is counted, and waited for no longer than asked', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wasup-handled-'));
    const handled = await HandledMessages.open(folder);
    try {
      const two = handled.count(2, 60_000);
      for (const bodies of [['a', 'a'], ['b']]) {
        const socket = connect(handled.environment.BENCH_HANDLED_SOCKET);
        await once(socket, 'connect');
        socket.end(bodies.map((body) => `${JSON.stringify({ body, calledAt: 1, handledAt: 2 })}\n`).join(''));
      }
      await two;
      expect(await handled.one('b', 0)).toMatchObject({ body: 'b', calledAt: 1, handledAt: 2 });
      expect(handled.all.map(({ body }) => body).sort()).toEqual(['a', 'a', 'b']);
      await expect(handled.one('c', 0)).rejects.toThrow('Waited 0 ms for "c" to be handled; 3 were');
    } finally {
      await handled.close();
      await rm(folder, { recursive: true });
    }
  });
});

test('a number of messages that is none is refused', async () => {
  const words = ['--import', 'tsx', 'bench/run.ts', 'messages', '--missed', '0'];
  const { exitCode, stderr } = await execa(process.execPath, words, { reject: false, timeout: 30_000 });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('--missed is a whole number, at least 1');
});
