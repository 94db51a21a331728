import fc from 'fast-check';
import { expect, test } from 'vitest';

import { TurnBudget } from '../../worker/whatsapp/turn-budget.js';

/** A budget of 5 ms a turn, on a clock that moves by what the work costs. */
function budgetOf5() {
  const done: number[] = [];
  const turns: (() => void)[] = [];
  let now = 0;
  let inTurn = 0;
  let longestTurn = 0;
  const budget = new TurnBudget<{ n: number; costs: number }>(
    5,
    ({ n, costs }) => {
      now += costs;
      inTurn += costs;
      longestTurn = Math.max(longestTurn, inTurn - costs);
      done.push(n);
    },
    { now: () => now, later: (work) => void turns.push(work) },
  );
  const nextTurn = (): boolean => {
    inTurn = 0;
    const work = turns.splice(0);
    for (const each of work) each();
    return work.length > 0;
  };
  return { budget, done, nextTurn, longestTurn: () => longestTurn };
}

test('work that fits into the turn is done at once', () => {
  const { budget, done } = budgetOf5();
  budget.add({ n: 1, costs: 2 });
  budget.add({ n: 2, costs: 2 });
  expect(done).toEqual([1, 2]);
});

test('work beyond the budget waits for later turns, and what comes meanwhile waits behind it', () => {
  const { budget, done, nextTurn } = budgetOf5();
  budget.add({ n: 1, costs: 6 }, { n: 2, costs: 4 }, { n: 3, costs: 4 });
  budget.add({ n: 4, costs: 0 });
  expect(done).toEqual([1]);
  nextTurn();
  expect(done).toEqual([1, 2, 3]);
  nextTurn();
  expect(done).toEqual([1, 2, 3, 4]);
});

test('all of it is done, once and in its order, and no turn begins anything beyond its budget', () => {
  const anyWork = fc.array(fc.option(fc.double({ min: 0, max: 9, noNaN: true }), { nil: undefined }), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(anyWork, (steps) => {
      const { budget, done, nextTurn, longestTurn } = budgetOf5();
      let n = 0;
      for (const costs of steps) {
        if (costs === undefined) nextTurn();
        else budget.add({ n: (n += 1), costs });
      }
      while (nextTurn());
      expect(done).toEqual(Array.from({ length: n }, (_, index) => index + 1));
      expect(longestTurn()).toBeLessThanOrEqual(5);
    }),
  );
});

test('it is drained when all that was added before has been done, also when some of it has thrown', async () => {
  const turns: (() => void)[] = [];
  const done: number[] = [];
  const budget = new TurnBudget<number>(
    1,
    (n) => {
      done.push(n);
      if (n === 2) throw new Error('two');
    },
    { now: () => done.length, later: (work) => void turns.push(work) },
  );
  await budget.drained();
  budget.add(1, 2, 3);
  let isDrained = false;
  const drained = budget.drained().then(() => (isDrained = true));
  expect(done).toEqual([1]);
  expect(() => turns.shift()?.()).toThrow('two');
  expect(done).toEqual([1, 2]);
  expect(isDrained).toBe(false);
  turns.shift()?.();
  await drained;
  expect(done).toEqual([1, 2, 3]);
});
