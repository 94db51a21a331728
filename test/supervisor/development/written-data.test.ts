import { describe, expect, it } from 'vitest';

import { type DataChanges, judgeBurst } from '../../../supervisor/development/written-data.js';

const state = '/bot/state.json';
const settings = '/bot/settings.json';
const code = '/bot/bot.ts';

describe('data beside a bot', () => {
  it('counts as a source for a person who saves it', () => {
    expect(judge([[state], 0])).toEqual([{ sources: [state], leftOut: [] }]);
  });

  it('counts however often it is saved, with time in between', () => {
    const bursts = Array.from({ length: 20 }, (_, index) => [[state], index * 30_000] as const);
    expect(judge(...bursts).every(({ sources }) => sources.length === 1)).toBe(true);
  });

  it('is left out, and told once, when each new worker is followed by another change of it', () => {
    expect(judge([[state], 0], [[state], 1_500], [[state], 3_000], [[state], 4_500], [[state], 6_000])).toEqual([
      { sources: [state], leftOut: [] },
      { sources: [state], leftOut: [] },
      { sources: [state], leftOut: [] },
      { sources: [], leftOut: [state] },
      { sources: [], leftOut: [] },
    ]);
  });

  it('stays left out when it changes later, with a message say', () => {
    expect(judge(...rapidly([state]), [[state], 3_600_000]).at(-1)).toEqual({ sources: [], leftOut: [] });
  });

  it('costs other data nothing', () => {
    expect(judge(...rapidly([state]), [[state, settings], 6_000]).at(-1)).toEqual({ sources: [settings], leftOut: [] });
  });

  it('counts again when code has been saved', () => {
    expect(judge(...rapidly([state]), [[code, state], 6_000], [[state], 7_500]).slice(-2)).toEqual([
      { sources: [code, state], leftOut: [] },
      { sources: [state], leftOut: [] },
    ]);
  });

  it('is not code, which counts however rapidly it is saved', () => {
    expect(judge(...rapidly([code])).every(({ sources }) => sources.length === 1)).toBe(true);
  });
});

type Burst = readonly [files: readonly string[], atMs: number];

function rapidly(files: readonly string[]): Burst[] {
  return [0, 1_500, 3_000, 4_500].map((atMs) => [files, atMs]);
}

function judge(...bursts: readonly Burst[]): { sources: readonly string[]; leftOut: readonly string[] }[] {
  let changes: DataChanges = new Map();
  return bursts.map(([files, atMs]) => {
    const { sources, leftOut, ...judgement } = judgeBurst(changes, files, atMs);
    ({ changes } = judgement);
    return { sources, leftOut };
  });
}
