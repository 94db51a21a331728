import { setTimeout as sleep } from 'node:timers/promises';

import { type Side, useBothSides } from './both-sides.js';
import { clockOffset } from './clock-offset.js';

/** How long messages took from the page's telling of them to their handler. */
export interface MessageLatency {
  readonly plain: LatencySide;
  readonly wasup: LatencySide;
}

export interface LatencySide {
  readonly latenciesMs: readonly number[];
  /** Taken off already: how far the page's clock was ahead of the handler's. */
  readonly clockOffsetMs: number;
}

export interface MessageLatencyOptions {
  /** On each side. */
  readonly messages: number;
  readonly executablePath: string;
  readonly report: (line: string) => void;
}

/** What has never run is slower, on both sides. */
const warmUps = 100;
/** Numbers kept free for fiction, so many of them in turn: a chat that has many messages is slower. */
const contacts = 60;
/** What follows a handler on one side is over before a message comes to the other. */
const restMs = 25;
const handledTimeoutMs = 10_000;
/** With it the library's model of the message takes 2 kB. */
export const longText = ' and so on'.repeat(130);

/** Both sides listen at the same time, each in its browser, to the same emulated page. They get one message in turn. */
export function measureMessageLatency(options: MessageLatencyOptions): Promise<MessageLatency> {
  return useBothSides(options, (sides) => takeTurns(sides, options));
}

async function takeTurns(
  sides: readonly [plain: Side, wasup: Side],
  { messages, report }: MessageLatencyOptions,
): Promise<MessageLatency> {
  const offsets = { plain: await stamp(sides[0]), wasup: await stamp(sides[1]) };
  const latencies: Record<Side['name'], number[]> = { plain: [], wasup: [] };
  for (let count = 1 - warmUps; count <= messages; count += 1) {
    for (const side of count % 2 === 0 ? sides : sides.toReversed()) {
      const latencyMs = (await send(side, count)) + offsets[side.name];
      if (count > 0) latencies[side.name].push(latencyMs);
      await sleep(restMs);
    }
    if (count > 0 && count % 100 === 0) report(`message ${count} of ${messages} on each side`);
  }
  return {
    plain: { latenciesMs: latencies.plain, clockOffsetMs: offsets.plain },
    wasup: { latenciesMs: latencies.wasup, clockOffsetMs: offsets.wasup },
  };
}

/** @returns how far the page's clock is ahead. */
async function stamp({ phone, handled }: Side): Promise<number> {
  await phone.receiveText({ from: contact(0), body: '!stamp' });
  const { looks = [] } = await handled.one('!stamp', handledTimeoutMs);
  return clockOffset(looks);
}

async function send({ phone, handled }: Side, count: number): Promise<number> {
  const body = `${count}${longText}`;
  await phone.receiveText({ from: contact(count), body });
  const { calledAt, handledAt } = await handled.one(body, handledTimeoutMs);
  if (calledAt === undefined || handledAt === undefined) throw new Error('The page was loaded anew and stamps no more');
  return handledAt - calledAt;
}

function contact(count: number): string {
  return `120255501${40 + (Math.abs(count) % contacts)}`;
}
