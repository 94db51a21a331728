import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { pino } from 'pino';

import type { Bot } from '../bot/define-bot.js';
import { compileConfiguration } from '../shared/configuration/compile-configuration.js';
import { Inbox } from '../shared/inbox/inbox.js';
import type { ArrivedMessage } from '../shared/inbox/inbox-message.js';
import { sessionPathsIn } from '../shared/paths.js';
import { createAssignment } from '../supervisor/assignment.js';
import { Attempts } from '../worker/attempts.js';
import { createBotLog } from '../worker/bot-log.js';
import { MessageIntake } from '../worker/message-intake.js';
import { SupervisorConnection } from '../worker/supervisor-connection.js';
import { Timeline } from '../worker/timeline.js';
import { AttachedClient } from '../worker/whatsapp/attached-client.js';
import { makeMessage } from '../worker/whatsapp/library.js';
import { PageEvidence } from '../worker/whatsapp/page-evidence.js';
import { StoredLoginStrategy } from '../worker/whatsapp/stored-login-strategy.js';
import { accountNumber } from './linked-account.js';

/** How fast messages come into the inbox, on a disk. */
export interface MessageIntakeRates {
  readonly messages: number;
  readonly rawBytes: number;
  readonly chats: number;
  /** Each `Inbox.add`, in ms. */
  readonly addedMs: readonly number[];
  /** Each from the page's call, as text, into the inbox, in ms. */
  readonly takenMs: readonly number[];
  /** All of them from the page's call through a handler that does nothing until they are done, in ms. */
  readonly handledInMs: number;
}

const rawBytes = 2_000;
const chats = 50;
const stopDeadlineMs = 10_000;
/** Of Linux: file systems that are no disk. */
const inMemory = new Set([0x01021994, 0x858458f6]);

/** @throws Error when the folder for temporary files isn't on a disk. */
export async function measureMessageIntake(messages: number): Promise<MessageIntakeRates> {
  const folder = await mkdtemp(join(tmpdir(), 'wasup-bench-'));
  try {
    if (inMemory.has((await statfs(folder)).type)) {
      throw new Error(`${tmpdir()} lies in memory: set TMPDIR to a folder on a disk.`);
    }
    const arrived = Array.from({ length: messages }, (_, index) => arrivedMessage(index));
    return {
      messages,
      rawBytes,
      chats,
      addedMs: measureAdding(join(folder, 'added.db'), arrived),
      takenMs: await measureTaking(join(folder, 'taken'), arrived),
      handledInMs: await measureHandling(join(folder, 'handled'), arrived),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function measureAdding(path: string, arrived: readonly ArrivedMessage[]): number[] {
  const inbox = new Inbox({
    path,
    now: Date.now,
    onTrouble: refuse,
    onSaved: () => undefined,
    onRebuilt: ({ error }) => refuse(error),
  });
  try {
    return arrived.map((message) => clock(() => inbox.add(message)));
  } finally {
    inbox.close();
  }
}

async function measureTaking(folder: string, arrived: readonly ArrivedMessage[]): Promise<number[]> {
  const { client, intake } = await listen(folder, {});
  const taken = arrived.map(({ raw }) => clock(() => call(client, raw)));
  await intake.stop(stopDeadlineMs);
  return taken;
}

async function measureHandling(folder: string, arrived: readonly ArrivedMessage[]): Promise<number> {
  let left = arrived.length;
  let tellLast: () => void = () => undefined;
  const last = new Promise<void>((resolve) => (tellLast = resolve));
  const { client, intake } = await listen(folder, {
    onMessage: () => {
      left -= 1;
      if (left === 0) tellLast();
    },
  });
  intake.open();
  const begin = performance.now();
  for (const { raw } of arrived) {
    call(client, raw);
    // The page's calls come one by one, with time for others between them.
    await turn();
  }
  await last;
  while (intake.counts.waiting + intake.counts.running > 0) await turn();
  const handledInMs = performance.now() - begin;
  await intake.stop(stopDeadlineMs);
  return handledInMs;
}

/** As the library does when the page calls. */
function call(client: AttachedClient, raw: string): void {
  const message = makeMessage(client, JSON.parse(raw) as object);
  client.emit('message_create', message);
  client.emit('message', message);
}

/** A worker's intake before a page that is not there. */
async function listen(folder: string, bot: Bot): Promise<{ client: AttachedClient; intake: MessageIntake }> {
  await mkdir(folder);
  // As it costs where a worker writes its lines.
  const log = pino(pino.destination({ dest: '/dev/null', sync: true }));
  const { configuration } = await compileConfiguration({ environment: {}, flags: {}, workingDirectory: folder });
  const assignment = createAssignment(
    { type: 'assign', mode: 'restore', rung: 'cold', attempt: 1 },
    {
      number: accountNumber,
      incarnation: 1,
      sessionDirectory: folder,
      browser: { pid: process.pid, idBase: 0 },
      authMethod: 'qr',
    },
    configuration,
  );
  const timeline = new Timeline(() => undefined);
  const context = {
    assignment,
    paths: sessionPathsIn(folder),
    output: { log, format: 'json' as const, isColoured: false, banner: () => undefined, print: () => undefined },
    botLog: createBotLog(log),
    supervisor: new SupervisorConnection(log, { on: () => process, connected: false }),
    timeline,
    attempts: new Attempts(assignment, timeline, () => Promise.resolve()),
  };
  const client = new AttachedClient({
    incarnation: 1,
    strategy: new StoredLoginStrategy('restore', () => undefined),
    authTimeoutMs: assignment.deadlines.authTimeoutMs,
    evidence: new PageEvidence(),
    log,
  });
  const intake = new MessageIntake(context, bot, new AbortController().signal);
  intake.listen(client);
  return { client, intake };
}

/** A message as the library tells of it, with a text that makes it as long as most are. */
function arrivedMessage(index: number): ArrivedMessage {
  const chat = `1555${String(index % chats).padStart(7, '0')}@c.us`;
  const wid = { server: 'c.us', user: chat.slice(0, -5), _serialized: chat };
  const me = { server: 'c.us', user: accountNumber, _serialized: `${accountNumber}@c.us` };
  const key = `3EB0${String(index).padStart(18, '0')}`;
  const id = `false_${chat}_${key}`;
  const t = 1_700_000_000 + Math.floor(index / 10);
  const model = {
    id: { fromMe: false, remote: chat, id: key, _serialized: id },
    viewed: false,
    body: '',
    type: 'chat',
    t,
    notifyName: 'Somebody',
    from: wid,
    to: me,
    ack: 1,
    isNewMsg: true,
    star: false,
    links: [],
  };
  const missing = rawBytes - JSON.stringify(model).length;
  return { id, chat, t, raw: JSON.stringify({ ...model, body: 'x'.repeat(Math.max(0, missing)) }) };
}

function clock(work: () => unknown): number {
  const begin = performance.now();
  work();
  return performance.now() - begin;
}

function refuse(error: unknown): never {
  throw error instanceof Error ? error : new Error(String(error));
}
