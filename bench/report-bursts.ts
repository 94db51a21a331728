import type { Burst } from './bursts.js';
import { type Circumstances, describeCircumstances } from './report.js';
import { median } from './statistics.js';

export function reportBursts(bursts: readonly Burst[], messages: number, circumstances: Circumstances): string {
  const of = (side: Burst['side'], figure: (burst: Burst) => number): number =>
    median(bursts.filter((burst) => burst.side === side).map(figure));
  const row = (what: string, figure: (burst: Burst) => number): string => {
    const [plain, wasup] = [of('plain', figure), of('wasup', figure)];
    return `| ${what} | ${plain.toFixed()} | ${wasup.toFixed()} | ${(wasup / plain).toFixed(2)} |`;
  };
  return [
    '## Bursts',
    '',
    ...describeCircumstances(circumstances),
    '',
    `${messages} messages in one chat as fast as the emulated page takes them, each answered, ${bursts.length / 2} times on each side in turn. The`,
    'plain library calls all handlers at once, in no order; wasup journals each message, and answers one after the other, in their order.',
    'Medians; milliseconds from the first message on.',
    '',
    '| what | plain | wasup | wasup / plain |',
    '| --- | --: | --: | --: |',
    row('first answer at WhatsApp', ({ firstAnswerMs }) => firstAnswerMs),
    row('last message stored by the page', ({ takenMs }) => takenMs),
    row('last answer at WhatsApp', ({ lastAnswerMs }) => lastAnswerMs),
    '',
  ].join('\n');
}
