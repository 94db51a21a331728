import { isIP } from 'node:net';
import { extname } from 'node:path';
import { type AccountOverrides } from './account-overrides.js';
import { checkBreaker } from './check-breaker.js';
import { type Collected, placeOf } from './collect-values.js';
import { type ConfigurationFiles } from './config-file.js';
import { type OptionKey, type OptionValues, options } from './options.js';
import { type Problem } from './problems.js';

/** What no single value shows: values that don't go together, and paths that lead nowhere. */
export async function checkCombinations(
  { values, origins, rejected }: Collected,
  overrides: AccountOverrides,
  files: Pick<ConfigurationFiles, 'fileExists'>,
): Promise<Problem[]> {
  const place = (key: OptionKey): string => placeOf(key, origins[key]);
  const sound = (...keys: OptionKey[]): boolean => keys.every((key) => !rejected.has(key));
  const problems: Problem[] = [];
  const { heartbeatIntervalMs, heartbeatTimeoutMs, probeIntervalMs, probeTimeoutMs } = values;
  // With less, a single beat that comes late would kill a healthy worker.
  if (sound('heartbeatTimeoutMs', 'heartbeatIntervalMs') && heartbeatTimeoutMs <= 2 * heartbeatIntervalMs) {
    problems.push({
      where: `${place('heartbeatTimeoutMs')} and ${place('heartbeatIntervalMs')}`,
      what: `a timeout of ${heartbeatTimeoutMs} ms is not more than twice the interval of ${heartbeatIntervalMs} ms`,
      instead: `write a timeout of ${3 * heartbeatIntervalMs}, or an interval of ${Math.max(100, Math.floor(heartbeatTimeoutMs / 3))}`,
    });
  }
  // Probes run one at a time.
  if (sound('probeTimeoutMs', 'probeIntervalMs') && probeTimeoutMs > probeIntervalMs) {
    problems.push({
      where: `${place('probeTimeoutMs')} and ${place('probeIntervalMs')}`,
      what: `a timeout of ${probeTimeoutMs} ms is longer than the interval of ${probeIntervalMs} ms`,
      instead: `write a timeout of ${probeIntervalMs} at most, or an interval of ${probeTimeoutMs} at least`,
    });
  }
  for (const [earlier, later] of [
    ['transportReconnectMs', 'transportReloadMs'],
    ['transportReloadMs', 'transportRestartMs'],
  ] as const) {
    if (!sound(earlier, later) || values[earlier] < values[later]) continue;
    problems.push({
      where: `${place(later)} and ${place(earlier)}`,
      what: `the steps of a lost connection come one after the other, and ${values[later]} ms is not more than ${values[earlier]} ms`,
      instead: 'write three times that grow, for example 30000, 90000 and 180000',
    });
  }
  // What is forgotten would be taken for something that was missed.
  if (sound('inboxRetentionMs', 'catchUpMaxAgeMs') && values.inboxRetentionMs <= values.catchUpMaxAgeMs) {
    problems.push({
      where: `${place('inboxRetentionMs')} and ${place('catchUpMaxAgeMs')}`,
      what: `messages are remembered for ${values.inboxRetentionMs} ms, which is not longer than what is fetched afterwards (${values.catchUpMaxAgeMs} ms)`,
      instead: `write a retention of ${Math.max(3_600_000, 2 * values.catchUpMaxAgeMs)}, or an age of ${Math.floor(values.inboxRetentionMs / 2)}`,
    });
  }
  problems.push(...checkRestarts(values, sound, place), ...checkMemory(values, sound, place));
  const token = values['http.token'];
  if (token !== undefined && token.length < 16 && !isLoopback(values['http.host'])) {
    problems.push({
      where: place('http.token'),
      what: `the token is short enough to guess, and ${values['http.host']} is open to other machines`,
      instead: 'write 16 or more characters, for example the output of: openssl rand -hex 24',
    });
  }
  if (await files.fileExists(values.sessionsDirectory)) {
    problems.push({
      where: place('sessionsDirectory'),
      what: `${values.sessionsDirectory} is a file, not a folder`,
      instead: 'name another folder; it is created when it does not exist',
    });
  }
  const botModules = Object.entries(overrides).map(([number, { botModule }]) => {
    return { where: `botModule of ${number} in the configuration file`, path: botModule };
  });
  for (const { where, path } of [{ where: place('botModule'), path: values.botModule }, ...botModules]) {
    if (path === undefined || (await files.fileExists(path))) continue;
    problems.push({ where, what: `there is no file ${path}`, instead: await findBotModule(path, files) });
  }
  return problems;
}

type Sound = (...keys: OptionKey[]) => boolean;
type Place = (key: OptionKey) => string;

function checkRestarts(values: OptionValues, sound: Sound, place: Place): Problem[] {
  const { backoffBaseMs, backoffCapMs } = values;
  if (!sound('backoffBaseMs', 'backoffCapMs')) return [];
  if (backoffBaseMs > backoffCapMs) {
    return [
      {
        where: `${place('backoffBaseMs')} and ${place('backoffCapMs')}`,
        what: `the first pause of ${backoffBaseMs} ms is longer than the longest of ${backoffCapMs} ms`,
        instead: `write a first pause of ${backoffCapMs} at most, or a longest of ${backoffBaseMs} at least`,
      },
    ];
  }
  if (!sound('breakerFailures', 'breakerWindowMs', 'breakerPauseMs', 'heartbeatTimeoutMs')) return [];
  return checkBreaker(values, place);
}

/** With nothing to do, Chromium's headless shell and a worker take about 300 MB. */
const leastMemoryLimitMb = 200;
/** A planned restart should interrupt sessions that have proven themselves, not take part in their troubles. */
const leastRecycleAfterMs = 60_000;
const hourMs = 3_600_000;

function checkMemory(values: OptionValues, sound: Sound, place: Place): Problem[] {
  const { memorySoftLimitMb, memoryHardLimitMb, recycleAfterMs, stableAfterMs, maxLoginsPerHour } = values;
  const problems: Problem[] = [];
  for (const key of ['memorySoftLimitMb', 'memoryHardLimitMb'] as const) {
    if (!sound(key) || values[key] === 0 || values[key] >= leastMemoryLimitMb) continue;
    problems.push({
      where: place(key),
      what: `a limit of ${values[key]} MB is less than an account takes that does nothing, so it would be restarted for ever`,
      instead: `write ${options[key].defaultText}, or 0 for no limit`,
    });
  }
  if (problems.length > 0) return problems;
  const bothLimits = memorySoftLimitMb > 0 && memoryHardLimitMb > 0;
  if (sound('memorySoftLimitMb', 'memoryHardLimitMb') && bothLimits && memoryHardLimitMb <= memorySoftLimitMb) {
    problems.push({
      where: `${place('memoryHardLimitMb')} and ${place('memorySoftLimitMb')}`,
      what: `a hard limit of ${memoryHardLimitMb} MB is not more than the soft limit of ${memorySoftLimitMb} MB`,
      instead: `write a soft limit of ${Math.floor(memoryHardLimitMb / 2)}, or a larger hard limit; 0 takes a limit away`,
    });
  }
  if (!sound('recycleAfterMs', 'stableAfterMs', 'maxLoginsPerHour') || recycleAfterMs === 0) return problems;
  // Half of the logins belong to restarts that nobody has planned.
  const leastMs = Math.max(leastRecycleAfterMs + stableAfterMs, Math.ceil((2 * hourMs) / maxLoginsPerHour));
  if (recycleAfterMs < leastMs) {
    problems.push({
      where: place('recycleAfterMs'),
      what:
        `a planned restart every ${recycleAfterMs} ms disturbs more than it helps: a session counts as stable after ` +
        `${stableAfterMs} ms, and may log in ${maxLoginsPerHour} times an hour`,
      instead: `write ${leastMs} at least, or 0 for no planned restarts`,
    });
  }
  return problems;
}

async function findBotModule(path: string, files: Pick<ConfigurationFiles, 'fileExists'>): Promise<string> {
  const candidates = ['.js', '.mjs', '.cjs', '.ts', '/index.js', '/index.mjs']
    .filter((ending) => ending.startsWith('/') || extname(path) === '')
    .map((ending) => `${path}${ending}`);
  for (const candidate of candidates) {
    if (await files.fileExists(candidate)) return `did you mean ${candidate}`;
  }
  return 'correct the path, or leave the option out to run the bundled bot';
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
