import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { AccountView } from '../../supervisor/control/controlled.js';
import { accountNumber, fixture, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';
import { runWasup } from '../support/wasup-command.js';

const token = 'known-to-the-tests-of-dead-letters';
const environment = {
  WASUP_BOT: fixture('faulty-bot.js'),
  WASUP_HANDLER_RETRY_DELAY_MS: '10',
  WASUP_HEARTBEAT_INTERVAL_MS: '200',
  WASUP_HTTP_TOKEN: token,
};
/** Each in a chat of its own. */
const contacts = ['12025550121', '12025550122', '12025550123', '12025550124'] as const;
const [anna, bela, carla, dora] = contacts;

let stage: Stage;
let supervisor: SupervisorProcess;
let listening: ListeningStatus;
/** What the bot fails without, before its second answer. */
let city: string;
/** By who wrote them. */
const ids = new Map<string, string>();

beforeAll(async () => {
  ({ stage, supervisor } = await Stage.openLinked({}, { environment }));
  listening = await stage.waitUntilListening();
  city = join(stage.folder, 'city');
});
afterAll(() => stage.close());

/** The tests tell one story, in this order: parked, replayed, dropped, stopped, started. */
it('what the bot has failed on is shown and counted while it runs', async () => {
  for (const contact of contacts) {
    const { mark } = supervisor;
    ids.set(contact, (await stage.phone.receiveText({ from: contact, body: `!needs ${city}` })).id);
    await supervisor.waitForLine(new RegExp(`message of \\+${contact} is parked: no such city`), { from: mark });
  }
  await untilTold({ waiting: 0, running: 0, dead: 4 });
  const output = await messages();
  expect(output).toMatch(/^Dead letters +4, /m);
  expect(output.split('\n').filter((line) => /^\S+@c\.us_/.test(line))).toEqual([dora, carla, bela, anna].map(idOf));
  expect(output.match(/ {4}no such city$/gm)).toHaveLength(4);
  expect(await messages('show', idOf(bela))).toMatch(/^From +12025550122@c\.us$[^]*^Text +!needs /m);
});

it('what is replayed is handled by the worker that runs, and its earlier answer is not sent again', async () => {
  await writeFile(city, '');
  expect(answersTo(anna)).toEqual(['first']);
  expect(await messages('replay', idOf(anna))).toMatch(/^1 dead letter waits for the bot again/);
  await untilAnswered(anna);
  await untilTold({ waiting: 0, running: 0, dead: 3 });
  expect((await stage.waitUntilListening()).workerPid).toBe(listening.workerPid);
  expect((await stage.status()).restoreCount).toBe(listening.restoreCount);
});

it('what is dropped is counted and listed no more, and never handled', async () => {
  expect(await messages('drop', idOf(bela))).toBe('1 dead letter is given up.\n');
  await untilTold({ waiting: 0, running: 0, dead: 2 });
  expect(await listed()).toMatchObject({ dead: 2, deadLetters: [{ id: idOf(dora) }, { id: idOf(carla) }] });
});

it('the same is done while nothing runs, and holds for the next start', async () => {
  await supervisor.stop();
  expect(await listed()).toMatchObject({ waiting: 0, running: 0, dead: 2, done: 2 });
  expect(await messages('replay', idOf(carla))).toMatch(/^1 dead letter waits for the bot again/);
  await messages('drop', '--yes');
  expect(await listed()).toEqual({ waiting: 1, running: 0, dead: 0, done: 3, deadLetters: [] });
  supervisor = stage.start({ environment });
  await untilAnswered(carla);
  await untilTold({ waiting: 0, running: 0, dead: 0 });
  for (const contact of [bela, dora]) expect(answersTo(contact)).toEqual(['first']);
  expect(supervisor.matching(/HANDLES/)).toHaveLength(1);
});

async function messages(...words: string[]): Promise<string> {
  const asked = ['messages', accountNumber, ...words, '--sessions-dir', stage.sessionsFolder];
  const { output, ...result } = await runWasup(asked, stage.workingDirectory);
  expect(result).toEqual({ code: 0, errorOutput: '' });
  return output;
}

async function listed(): Promise<unknown> {
  return JSON.parse(await messages('--json')) as unknown;
}

function idOf(contact: string): string {
  const id = ids.get(contact);
  if (id === undefined) throw new Error(`${contact} has not written`);
  return id;
}

/** Which answers the contact has got. */
function answersTo(contact: string): string[] {
  const id = idOf(contact);
  return stage.phone.sent
    .filter(({ quotedMessageId }) => quotedMessageId === id)
    .map(({ body }) => body.replace(/ answer.*/, ''));
}

async function untilAnswered(contact: string): Promise<void> {
  const id = idOf(contact);
  await stage.phone.waitForSent(({ quotedMessageId, body }) => quotedMessageId === id && body.startsWith('second'));
  expect(answersTo(contact)).toEqual(['first', 'second']);
}

/** What the running supervisor tells of the inbox: the account's view, then the metric. */
async function untilTold(counts: NonNullable<AccountView['inbox']>): Promise<void> {
  const [, url = ''] = await supervisor.waitForLine(/Dashboard and control API: (http:\S+)/);
  const ask = (path: string): Promise<Response> =>
    fetch(new URL(path, url), { headers: { authorization: `Bearer ${token}` } });
  let told: AccountView['inbox'] = null;
  await until(
    async () => {
      told = ((await (await ask(`/api/accounts/${accountNumber}`)).json()) as AccountView).inbox;
      return JSON.stringify(told) === JSON.stringify(counts) ? true : undefined;
    },
    { expectation: () => `${JSON.stringify(counts)} in the inbox; told is ${JSON.stringify(told)}` },
  );
  const metrics = await (await ask('/metrics')).text();
  for (const [state, count] of Object.entries(counts))
    expect(metrics).toContain(`wasup_account_messages{account="${accountNumber}",state="${state}"} ${count}\n`);
}
