import { existsSync, readFileSync } from 'node:fs';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { contactNumber, fixture, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

/** What a message did is put down to it, whatever died of it: worker, browser or page. */
const otherContact = '12025550199';
let stage: Stage;
let supervisor: SupervisorProcess;
let mark: number;

beforeAll(async () => {
  ({ stage, supervisor } = await Stage.openLinked(
    {},
    { environment: { WASUP_BOT: fixture('self-ending-bot.js'), OWN_HANDLER: '1' } },
  ));
});
afterAll(() => stage.close());
beforeEach(async () => {
  await stage.waitUntilListening();
  mark = supervisor.mark;
});

const handled = (word: string): number => {
  const lines = existsSync(stage.recording) ? readFileSync(stage.recording, 'utf8').split('\n') : [];
  return lines.filter((line) => line === word).length;
};

async function send(body: string, from = contactNumber): Promise<string> {
  return (await stage.phone.receiveText({ from, body })).id;
}

describe('a handler that, after its answer, ends on purpose', () => {
  it.each([
    ['its page', '!closepage', /The page was closed/],
    ['its browser', '!closebrowser', /browser/i],
    ['its process', '!exit', /The bot ended its process \(exit code 0\)/],
    ['its process with a code of failure', '!exit1', /exit code 1/],
  ])('%s has done its work: one answer, one restart, and the chats go on', async (_name, word, words) => {
    const id = await send(word);
    await supervisor.waitForLine(words, { from: mark });
    // Whatever would be handled again is handled before what follows in its chat.
    for (const from of [contactNumber, otherContact]) await stage.answerTo(await send('!ping', from));
    expect(handled(word)).toBe(1);
    expect(stage.answersTo(id)).toBe(1);
    expect(supervisor.matching(/Restarting (now|in)/, mark)).toHaveLength(1);
    expect(supervisor.matching(/is parked/, mark)).toEqual([]);
  });
});

describe('a handler that ends something and never comes to its end', () => {
  it.each([
    ['the page, by a crash of it', '!crashpage', /is parked: The page has gone 3 times/],
    ['the worker', '!kill', /is parked: The worker has ended 3 times/],
    ['the page, by loading it anew, and fails of that', '!reload', /is parked: The page has gone 3 times/],
  ])(
    '%s has its message parked after three times, with what has gone, and the chats go on',
    async (_name, word, words) => {
      await send(word);
      await supervisor.waitForLine(words, { from: mark });
      await stage.waitUntilListening();
      for (const from of [contactNumber, otherContact]) await stage.answerTo(await send('!ping', from));
      expect(handled(word)).toBe(3);
      expect((await stage.alerts()).filter((alert) => alert === 'message-parked').length).toBeGreaterThan(0);
      expect((await stage.alerts()).filter((alert) => alert === 'breaker-open')).toEqual([]);
    },
  );
});

it('an error that the bot’s own handler takes, as in Node, ends nothing, and is told once', async () => {
  const { workerPid } = await stage.waitUntilListening();
  await send('!leak');
  await send('!leak');
  await until(() => supervisor.matching(/SURVIVED the API is down/, mark).length === 2 || undefined, {
    expectation: () => 'the bot to have survived both',
  });
  await stage.answerTo(await send('!ping'));
  expect((await stage.waitUntilListening()).workerPid).toBe(workerPid);
  expect(supervisor.matching(/own handler of unhandledRejection has taken/, mark)).toHaveLength(1);
});
