import { isIP } from 'node:net';
import { extname } from 'node:path';
import { type Collected, placeOf } from './collect-values.js';
import { type ConfigurationFiles } from './config-file.js';
import { type OptionKey } from './options.js';
import { type Problem } from './problems.js';

/** What no single value shows: values that don't go together, and paths that lead nowhere. */
export async function checkCombinations(
  { values, origins, rejected }: Collected,
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
  if (values.botModule !== undefined && !(await files.fileExists(values.botModule))) {
    problems.push({
      where: place('botModule'),
      what: `there is no file ${values.botModule}`,
      instead: await findBotModule(values.botModule, files),
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
