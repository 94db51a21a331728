import { seededRandom } from './simulated-time.js';

export type KillKind =
  'worker-killed' | 'worker-stopped' | 'browser-killed' | 'browser-stopped' | 'renderer-killed' | 'supervisor-killed';

export interface Kill {
  readonly kind: KillKind;
  /** After the one before it; the first of a burst comes so long after the account has been seen to listen. */
  readonly delayMs: number;
}

/** Kills between two times at which the account is seen to listen. */
export type Burst = readonly Kill[];

export interface KillPlanOptions {
  readonly seed: number;
  readonly accounts: number;
  /** Of all accounts together. */
  readonly kills: number;
  /** How often each kind comes, in relation to the others. */
  readonly weights: Readonly<Partial<Record<KillKind, number>>>;
}

/** The session is up again within this time, so that the next kill finds it anywhere on its way. */
const longestWayUpMs = 1_600;
const longestRestMs = 300;
const longestBurst = 4;
const shareOfFurtherKills = 0.5;
const shareOfKillsAtOnce = 0.25;

/** For each account what befalls it, burst by burst: the same seed always gives the same. Pure. */
export function planKills({ seed, accounts, kills, weights }: KillPlanOptions): Burst[][] {
  const random = seededRandom(seed);
  const plan: Burst[][] = Array.from({ length: accounts }, () => []);
  for (let left = kills, turn = 0; left > 0; turn += 1) {
    const burst: Kill[] = [{ kind: pick(weights, random), delayMs: Math.round(random() * longestRestMs) }];
    while (burst.length < Math.min(longestBurst, left) && random() < shareOfFurtherKills) {
      const delayMs = random() < shareOfKillsAtOnce ? 0 : Math.round(random() * longestWayUpMs);
      burst.push({ kind: pick(weights, random), delayMs });
    }
    plan[turn % accounts]?.push(burst);
    left -= burst.length;
  }
  return plan;
}

function pick(weights: KillPlanOptions['weights'], random: () => number): KillKind {
  const entries = Object.entries(weights) as [KillKind, number][];
  let point = random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [kind, weight] of entries) if ((point -= weight) < 0) return kind;
  throw new Error('There is nothing to choose from.');
}
