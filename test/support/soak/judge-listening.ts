/** A message that tests whether the account listens, in a chat of its own. */
export interface Probe {
  readonly sentAtMs: number;
  /** Undefined while there is no answer. */
  readonly answeredAtMs: number | undefined;
}

/** What one source (the status file, `/readyz`) said at one moment. */
export interface Sample {
  readonly atMs: number;
  readonly saysListening: boolean;
}

export interface ListeningRule {
  /** The longest time for which an account may say that it listens while one probe waits: detection and answering together. */
  readonly withinMs: number;
  /** The most that counts of the time between two samples: the machine itself may have stood still. */
  readonly longestStepMs: number;
}

export interface FalseClaim {
  readonly probe: Probe;
  /** When the source had begun to say, without a break, that the account listens; or the probe, if that came later. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * Finds the probes for which a source claimed too long that the account listens. A probe is violated when it waits, the source
 * says without a break that the account listens, and that lasts for longer than `withinMs`. Each probe is told of once. Pure.
 *
 * @param samples in the order of their times.
 */
export function judgeListening(
  probes: readonly Probe[],
  samples: readonly Sample[],
  rule: ListeningRule,
): FalseClaim[] {
  return probes.flatMap((probe) => findFalseClaim(probe, samples, rule) ?? []);
}

/** The longest time, in ms, for which the account was said to be listening without a break while one probe waited. Pure. */
export function longestClaimMs(
  probes: readonly Probe[],
  samples: readonly Sample[],
  { longestStepMs }: Pick<ListeningRule, 'longestStepMs'>,
): number {
  let longest = 0;
  for (const probe of probes) {
    for (const { countedMs } of claims(probe, samples, longestStepMs)) longest = Math.max(longest, countedMs);
  }
  return longest;
}

function findFalseClaim(
  probe: Probe,
  samples: readonly Sample[],
  { withinMs, longestStepMs }: ListeningRule,
): FalseClaim | undefined {
  for (const { fromMs, lastMs, countedMs } of claims(probe, samples, longestStepMs)) {
    if (countedMs > withinMs) return { probe, fromMs, untilMs: lastMs };
  }
  return undefined;
}

interface Claim {
  readonly fromMs: number;
  readonly lastMs: number;
  readonly countedMs: number;
}

/** For each sample that says, while the probe waits, that the account listens: how long that has been said without a break. */
function* claims(
  { sentAtMs, answeredAtMs = Infinity }: Probe,
  samples: readonly Sample[],
  longestStepMs: number,
): Generator<Claim> {
  let claim: Claim | undefined;
  for (const { atMs, saysListening } of samples.slice(firstSince(samples, sentAtMs))) {
    if (atMs >= answeredAtMs) return;
    if (!saysListening) {
      claim = undefined;
      continue;
    }
    claim ??= { fromMs: atMs, lastMs: atMs, countedMs: 0 };
    const stepMs = Math.min(atMs - claim.lastMs, longestStepMs);
    claim = { ...claim, lastMs: atMs, countedMs: claim.countedMs + stepMs };
    yield claim;
  }
}

/** The index of the first sample that isn't older, by halving. */
function firstSince(samples: readonly Sample[], sinceMs: number): number {
  let [low, high] = [0, samples.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((samples[middle]?.atMs ?? Infinity) < sinceMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
