import { setTimeout as sleep } from 'node:timers/promises';

import { type Side, useBothSides } from './both-sides.js';

/** What became of many messages that came at once in one chat, each answered. Times are ms from the first message on. */
export interface Burst {
  readonly side: Side['name'];
  /** When the page had stored the last message. */
  readonly takenMs: number;
  readonly firstAnswerMs: number;
  readonly lastAnswerMs: number;
}

export interface BurstOptions {
  readonly messages: number;
  readonly rounds: number;
  readonly executablePath: string;
  readonly report: (line: string) => void;
}

/** Numbers kept free for fiction; each round has a chat of its own. */
const contact = (round: number): string => `120255501${40 + (round % 60)}`;
const answeredTimeoutMs = 300_000;
const lookIntervalMs = 5;
/** What follows a burst on one side is over before the other's begins. */
const restMs = 2_000;

/** One burst on each side, in turn, while both listen. */
export async function measureBursts({ messages, rounds, executablePath, report }: BurstOptions): Promise<Burst[]> {
  const environment = { BENCH_ANSWERS: '1' };
  return useBothSides({ executablePath, environment }, async (sides) => {
    const bursts: Burst[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
        await sleep(restMs);
        const burst = await play(side, messages, contact(round));
        report(
          `${side.name}: first answer ${burst.firstAnswerMs.toFixed()} ms, last ${burst.lastAnswerMs.toFixed()} ms`,
        );
        bursts.push(burst);
      }
    }
    return bursts;
  });
}

async function play({ name, phone }: Side, messages: number, from: string): Promise<Burst> {
  const begin = performance.now();
  const answersBefore = phone.sent.length;
  const first = phone.received.length;
  const sending = (async () => {
    for (let n = 0; n < messages; n += 1) await phone.receiveText({ from, body: `question ${n}` });
  })();
  const answered = (): number => phone.sent.length - answersBefore;
  let takenMs: number | undefined;
  let firstAnswerMs: number | undefined;
  while (answered() < messages) {
    const now = performance.now() - begin;
    if (now > answeredTimeoutMs) throw new Error(`${name} has answered ${answered()} of ${messages} in ${now} ms`);
    if (answered() > 0) firstAnswerMs ??= now;
    if (takenMs === undefined && (phone.received[first + messages - 1]?.ack ?? 0) >= 2) takenMs = now;
    await sleep(lookIntervalMs);
  }
  await sending;
  const lastAnswerMs = performance.now() - begin;
  return {
    side: name,
    takenMs: takenMs ?? lastAnswerMs,
    firstAnswerMs: firstAnswerMs ?? lastAnswerMs,
    lastAnswerMs,
  };
}
