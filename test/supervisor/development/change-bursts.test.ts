import { beforeEach, expect, it } from 'vitest';

import { ChangeBursts } from '../../../supervisor/development/change-bursts.js';
import { VirtualTime } from '../../support/virtual-time.js';

let time: VirtualTime;
let told: { readonly atMs: number; readonly files: readonly string[] }[];
let bursts: ChangeBursts;

beforeEach(() => {
  time = new VirtualTime();
  told = [];
  bursts = new ChangeBursts(time, (files) => told.push({ atMs: time.now(), files }));
});

const saveAt = (atMs: number, file: string): void => time.arrive(atMs, () => bursts.add(file));

it('one save that an editor makes in several steps is told once, when it is over', () => {
  for (const atMs of [1_000, 1_001, 1_040]) saveAt(atMs, 'bot.js');
  time.runUntil(10_000);
  expect(told).toEqual([{ atMs: 1_190, files: ['bot.js'] }]);
});

it('files that are saved together are told together, in the order of their saves', () => {
  saveAt(0, 'b.js');
  saveAt(20, 'a.js');
  saveAt(30, 'b.js');
  time.runUntil(10_000);
  expect(told).toEqual([{ atMs: 180, files: ['b.js', 'a.js'] }]);
});

it('saves with a pause between them are told each by itself', () => {
  saveAt(0, 'a.js');
  saveAt(500, 'a.js');
  time.runUntil(10_000);
  expect(told.map(({ atMs }) => atMs)).toEqual([150, 650]);
});

it('twenty saves within two seconds are told once or twice, the last time after the last of them', () => {
  for (let save = 0; save < 20; save += 1) saveAt(save * 100, 'bot.js');
  time.runUntil(10_000);
  expect(told.length).toBeLessThanOrEqual(2);
  expect(told.at(-1)?.atMs).toBeGreaterThan(1_900);
});

it('who never stops saving is told of it every two seconds', () => {
  for (let atMs = 0; atMs <= 9_000; atMs += 100) saveAt(atMs, 'bot.js');
  time.runUntil(20_000);
  expect(told.map(({ atMs }) => atMs)).toEqual([2_000, 4_000, 6_000, 8_000, 9_150]);
});

it('a change in the moment in which a burst is told begins the next one', () => {
  const again = new ChangeBursts(time, (files) => {
    told.push({ atMs: time.now(), files });
    if (told.length === 1) again.add('saved-meanwhile.js');
  });
  again.add('bot.js');
  time.runUntil(10_000);
  expect(told).toEqual([
    { atMs: 150, files: ['bot.js'] },
    { atMs: 300, files: ['saved-meanwhile.js'] },
  ]);
});

it('nothing is told after the end', () => {
  bursts.add('bot.js');
  bursts.close();
  time.runUntil(10_000);
  expect(told).toEqual([]);
  expect(time.waitingTimers).toBe(0);
});
