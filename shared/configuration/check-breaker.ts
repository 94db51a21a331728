import { backoffMs, longestPausesMs } from '../backoff.js';
import { longestBreakerWindowMs } from './deadlines.js';
import type { OptionKey, OptionValues } from './options.js';
import type { Problem } from './problems.js';

/** A cold start on real WhatsApp takes 6 to 15 s: a session that fails right after it has come up has lived for so long. */
const comingUpMs = 15_000;
/** A window that is suggested should look as if a person had written it. */
const suggestionStepMs = 10_000;

type BreakerValues = Pick<
  OptionValues,
  'backoffBaseMs' | 'backoffCapMs' | 'breakerFailures' | 'breakerWindowMs' | 'breakerPauseMs' | 'heartbeatTimeoutMs'
>;

/**
 * Whether the breaker opens for a session that comes up, hangs, and does so again and again: all of its failures have to
 * fit into the window, with the longest pauses between them. And whether an open breaker slows down at all.
 */
export function checkBreaker(values: BreakerValues, place: (key: OptionKey) => string): Problem[] {
  const { breakerFailures, breakerWindowMs, breakerPauseMs } = values;
  const problems: Problem[] = [];
  const neededMs = neededWindowMs(breakerFailures, values);
  if (neededMs > breakerWindowMs) {
    problems.push({
      where: `${place('breakerWindowMs')} and ${place('breakerFailures')}`,
      what:
        `the breaker could never open: ${breakerFailures} failures in a row, each found after up to ` +
        `${values.heartbeatTimeoutMs} ms of silence, take up to ${neededMs} ms with the pauses between them, and the window is ${breakerWindowMs} ms`,
      instead: suggestNumbers(neededMs, values),
    });
  }
  const lastPauseMs = backoffMs(breakerFailures - 1, 1, values);
  if (breakerPauseMs < lastPauseMs) {
    problems.push({
      where: `${place('breakerPauseMs')} and ${place('backoffCapMs')}`,
      what: `an open breaker would wait for ${breakerPauseMs} ms, less than the ${lastPauseMs} ms before it opened`,
      instead: `write a pause of ${lastPauseMs} at least, or a cap of ${breakerPauseMs} at most`,
    });
  }
  return problems;
}

/** From the first of so many failures to the last: a life and a pause between each two of them. */
function neededWindowMs(failures: number, values: BreakerValues): number {
  const lifeMs = comingUpMs + values.heartbeatTimeoutMs;
  return longestPausesMs(failures, values) + (failures - 1) * lifeMs;
}

function suggestNumbers(neededMs: number, values: BreakerValues): string {
  const window = Math.ceil(neededMs / suggestionStepMs) * suggestionStepMs;
  const fewer = mostFailures(values, values.breakerWindowMs);
  const suggestions = [
    ...(window > longestBreakerWindowMs ? [] : [`a window of ${window}`]),
    ...(fewer < 2 ? [] : [`${fewer} failures at most`]),
  ];
  if (suggestions.length > 0) return `write ${suggestions.join(', or ')}`;
  return `write ${mostFailures(values, longestBreakerWindowMs)} failures at most, and a window of ${longestBreakerWindowMs}`;
}

/** How many failures in a row fit into a window. */
function mostFailures(values: BreakerValues, windowMs: number): number {
  let failures = values.breakerFailures;
  while (failures >= 2 && neededWindowMs(failures, values) > windowMs) failures -= 1;
  return failures;
}
