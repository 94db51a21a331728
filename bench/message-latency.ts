import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Phone, type Sandbox, startSandbox } from '../sandbox/index.js';
import { clockOffset } from './clock-offset.js';
import { HandledMessages } from './handled-messages.js';
import { accountNumber, notingBot, startSupervisor, untilListening } from './linked-account.js';
import { startPlain } from './start-plain.js';

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

interface Side {
  readonly name: 'plain' | 'wasup';
  readonly phone: Phone;
  readonly handled: HandledMessages;
}

const plainNumber = '12025550129';
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
export async function measureMessageLatency(options: MessageLatencyOptions): Promise<MessageLatency> {
  const folder = await mkdtemp(join(tmpdir(), 'wasup-bench-'));
  const sandbox = await startSandbox();
  try {
    await mkdir(join(folder, 'working-directory'));
    return await usePlain({ ...options, folder, sandbox }, (plain) =>
      useWasup({ ...options, folder, sandbox }, (wasup) => takeTurns([plain, wasup], options)),
    );
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

type Stage = MessageLatencyOptions & { readonly folder: string; readonly sandbox: Sandbox };

async function usePlain<Result>(stage: Stage, work: (side: Side) => Promise<Result>): Promise<Result> {
  const handled = await HandledMessages.open(stage.folder, 'plain');
  try {
    const running = startPlain({ ...stage, environment: handled.environment });
    try {
      const phone = stage.sandbox.phone(plainNumber);
      await Promise.all([phone.scanQr(), running.line(({ event }) => event === 'ready')]);
      return await work({ name: 'plain', phone, handled });
    } finally {
      await running.stop();
    }
  } finally {
    await handled.close();
  }
}

async function useWasup<Result>(stage: Stage, work: (side: Side) => Promise<Result>): Promise<Result> {
  const handled = await HandledMessages.open(stage.folder, 'wasup');
  try {
    const environment = { ...handled.environment, WASUP_BOT: notingBot() };
    const running = startSupervisor(stage, { executablePath: stage.executablePath, environment });
    try {
      const phone = stage.sandbox.phone(accountNumber);
      await Promise.all([phone.scanQr(), untilListening(stage.folder, running)]);
      return await work({ name: 'wasup', phone, handled });
    } finally {
      await running.stop();
    }
  } finally {
    await handled.close();
  }
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
