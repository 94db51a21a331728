import { expect, it } from 'vitest';

import { SignalPresses } from '../../../scripts/development/signal-presses.js';

function press(...signals: readonly (readonly [NodeJS.Signals, number])[]): string[] {
  const counted: string[] = [];
  const presses = new SignalPresses((name) => counted.push(name));
  for (const [name, atMs] of signals) presses.add(name, atMs);
  return counted;
}

it('one press that comes from the terminal and through npm counts once', () => {
  expect(press(['SIGINT', 1_000], ['SIGINT', 1_008])).toEqual(['SIGINT']);
});

it('two presses, and two signals of different names, count both', () => {
  expect(press(['SIGINT', 1_000], ['SIGINT', 1_300])).toEqual(['SIGINT', 'SIGINT']);
  expect(press(['SIGINT', 1_000], ['SIGTERM', 1_001])).toEqual(['SIGINT', 'SIGTERM']);
});
