import { type Circumstances, describeCircumstances } from './report.js';
import type { Supervision } from './supervise.js';

export function reportSupervision(
  measured: readonly Supervision[],
  idleSeconds: number,
  circumstances: Circumstances,
): string {
  return [
    '## Many accounts',
    '',
    ...describeCircumstances(circumstances),
    '',
    'One supervisor with so many linked accounts, each with its browser and its worker, on the emulated page; two at a time are on',
    `their way up. CPU is that of ${idleSeconds} s in which no message came, of one processor, for all accounts together. What the emulated`,
    'page needs, real WhatsApp needs several times: the figures of browsers are for comparison only, those of the supervisor',
    'hold there, too.',
    '',
    '| accounts | all listen after | browser + worker (PSS), each | supervisor RSS | … once it was asked | supervisor PSS | supervisor CPU | workers CPU | browsers CPU |',
    '| --: | --: | --: | --: | --: | --: | --: | --: | --: |',
    ...measured.map(row),
    '',
    '- _all listen after_: from the spawn of `node supervisor` on; the logins are stored, no browser runs.',
    '- _once it was asked_: dashboard, control API and metrics are loaded with the first request, and stay.',
    '- PSS counts what is shared with other processes in part. RSS counts it whole: 40 MB of the supervisor are Node itself.',
    '',
  ].join('\n');
}

function row(supervision: Supervision): string {
  const { accounts, untilAllListenMs, treeBytes, supervisorCpu, workersCpu, browsersCpu } = supervision;
  const { supervisorRssBytes, askedRssBytes, supervisorPssBytes } = supervision;
  const figures = [
    String(accounts),
    `${(untilAllListenMs / 1_000).toFixed(1)} s`,
    `${megabytes(Math.min(...treeBytes), 0)} to ${megabytes(Math.max(...treeBytes), 0)} MB`,
    ...[supervisorRssBytes, askedRssBytes, supervisorPssBytes].map((bytes) => `${megabytes(bytes, 1)} MB`),
    ...[supervisorCpu, workersCpu, browsersCpu].map((part) => `${(part * 100).toFixed(2)} %`),
  ];
  return `| ${figures.join(' | ')} |`;
}

function megabytes(bytes: number, digits: number): string {
  return (bytes / 2 ** 20).toFixed(digits);
}
