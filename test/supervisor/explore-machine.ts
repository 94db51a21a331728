import type { MachineLimits } from '../../supervisor/machine.js';
import {
  createWorld,
  failuresIn,
  isRare,
  keyOf,
  type Move,
  type Outcome,
  play,
  possibleMoves,
  type World,
} from './machine-world.js';

/** Several times what there is. A counter that is never reset would make situations without end. */
const mostSituations = 200_000;

export interface Situation {
  readonly world: World;
  /** Everything that can happen next, with its consequences. */
  readonly steps: readonly ExploredStep[];
  /** The events that led here, for whoever has to understand a failing test. */
  readonly history: () => string[];
}

export interface ExploredStep {
  readonly move: Move;
  readonly outcome: Outcome;
  readonly history: () => string[];
}

/**
 * Every situation that can be reached from a machine that has just been made, breadth first, so that histories are
 * as short as they can be. Situations with more than `maxFailures` failures in a row are not followed further: they
 * differ in delays only.
 *
 * @param rare follow rare events, too.
 */
export function explore(
  limits: MachineLimits,
  { maxFailures, rare }: { maxFailures: number; rare: boolean },
): Situation[] {
  const queue = (['restore', 'link'] as const).map((mode) => ({
    world: createWorld(mode),
    history: () => [] as string[],
  }));
  const seen = new Set(queue.map(({ world }) => keyOf(world)));
  const situations: Situation[] = [];
  for (const { world, history } of queue) {
    if (failuresIn(world.machine) > maxFailures) continue;
    const steps = possibleMoves(world)
      .filter((move) => rare || !isRare(move))
      .map((move) => ({
        move,
        outcome: play(world, move, limits),
        history: () => [...history(), describe(move)],
      }));
    situations.push({ world, steps, history });
    if (situations.length > mostSituations) {
      throw new Error(`More than ${mostSituations} situations; one of the last: ${history().join(', ')}`);
    }
    for (const step of steps) {
      const key = keyOf(step.outcome.world);
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push({ world: step.outcome.world, history: step.history });
    }
  }
  return situations;
}

function describe({ event, listenedMs }: Move): string {
  return JSON.stringify(listenedMs === undefined ? event : { ...event, listenedMs });
}
