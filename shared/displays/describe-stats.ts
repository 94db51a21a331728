import type { Durations, SessionStats } from '../session-stats.js';
import { formatDuration, formatTime } from './format-time.js';
import { layoutRows, type Row } from './layout.js';

/** An account's statistics as lines for a terminal. Pure. */
export function describeStats(stats: SessionStats, now: Date, width: number): string[] {
  const rows: Row[] = [
    ['Account', `+${stats.number}`],
    ['Attempts', describeAttempts(stats, now)],
    ...Object.entries(stats.durationsByRung).map(([rung, values]): Row => [`  ${rung}`, describeDurations(values)]),
  ];
  const phases = Object.entries(stats.durationsByPhase);
  if (phases.length > 0) rows.push(['Steps', 'from the one before:']);
  rows.push(...phases.map(([phase, values]): Row => [`  ${phase}`, describeDurations(values)]));
  rows.push(['Failures', listCounts(stats.failuresByClass)]);
  rows.push(['Healed', `${stats.healed} attempts had to be helped over something that the library missed.`]);
  rows.push(['Caught up', `${stats.messagesCaughtUp} messages that had come while nobody listened.`]);
  rows.push(['Downtime', describeDowntime(stats, now)]);
  return layoutRows(rows, width);
}

function describeAttempts(stats: SessionStats, now: Date): string {
  if (stats.attemptsSince === null || stats.successRate === null) return 'None is known of.';
  const rate = `${stats.succeeded} of ${stats.attempts} succeeded (${Math.round(stats.successRate * 100)} %)`;
  return `${rate}, since ${formatTime(stats.attemptsSince, now)}.`;
}

/** The largest of a few values is no 95th percentile. */
function describeDurations({ count, p50Ms, p95Ms, maxMs }: Durations): string {
  const slow = p95Ms === null ? `max ${formatDuration(maxMs)}` : `p95 ${formatDuration(p95Ms)}`;
  return `p50 ${formatDuration(p50Ms)}, ${slow} (n=${count})`;
}

function describeDowntime(stats: SessionStats, now: Date): string {
  if (stats.downtimeSince === null) return 'Nothing is known of it.';
  const since = `since ${formatTime(stats.downtimeSince, now)}`;
  if (stats.losses === 0) return `None ${since}.`;
  const times = stats.losses === 1 ? 'once' : `${stats.losses} times`;
  const classes = Object.entries(stats.downtimeByClassMs).map(([name, ms]) => `${name} ${formatDuration(ms ?? 0)}`);
  const rest = stats.isDown ? ' It is down now.' : '';
  return `${formatDuration(stats.downtimeMs)} ${since}; lost ${times} (${classes.join(', ')}).${rest}`;
}

function listCounts(counts: Partial<Record<string, number>>): string {
  const entries = Object.entries(counts);
  return entries.length === 0 ? 'None.' : entries.map(([name, count]) => `${name} ${count ?? 0}`).join(', ');
}
