import { afterAll, beforeAll, expect, it } from 'vitest';

import { contactNumber, fixture, Stage } from '../support/stage.js';
import { until } from '../support/until.js';

/** Of one chat: more than a worker takes in one turn of its event loop. */
const burst = 400;
const otherNumber = '12025550177';

let stage: Stage;

beforeAll(async () => {
  const environment = {
    WASUP_BOT: fixture('bursts-bot.js'),
    // A fifth of what the handlers need of the processor below.
    WASUP_HEARTBEAT_INTERVAL_MS: '500',
    WASUP_HEARTBEAT_TIMEOUT_MS: '2000',
    WASUP_HANDLER_WAIT_MS: '1000',
  };
  ({ stage } = await Stage.openLinked({}, { environment }));
});
afterAll(() => stage.close());

it('hundreds of messages at once in one chat are answered while they come, each once, in their order, and nothing is restarted', async () => {
  const { workerPid, browserPid } = await stage.waitUntilListening();
  const ids: string[] = [];
  for (let n = 0; n < burst; n += 1) {
    ids.push((await stage.phone.receiveText({ from: contactNumber, body: `question ${n}` })).id);
  }
  const { id: other } = await stage.phone.receiveText({ from: otherNumber, body: 'may I come in between?' });
  const answered = (): string[] => stage.phone.sent.map(({ quotedMessageId }) => quotedMessageId ?? '');

  // Another chat's only message doesn't wait for all of these.
  await until(() => answered().includes(other) || undefined, { expectation: () => 'an answer to the other chat' });
  expect(answered().filter((id) => ids.includes(id)).length).toBeLessThan(burst);

  await until(() => answered().length > burst || undefined, { expectation: () => `${answered().length} of ${burst}` });
  expect(answered().filter((id) => id !== other)).toEqual(ids);
  expect(await stage.waitUntilListening()).toMatchObject({ workerPid, browserPid });
});

it('load is never taken for a hang: a worker that is busy for seconds is kept, says that it is behind, and answers each message once', async () => {
  const { workerPid, browserPid } = await stage.waitUntilListening();
  const earlier = stage.phone.sent.length;
  const receive = (_: unknown, n: number): Promise<{ id: string }> =>
    stage.phone.receiveText({ from: `1202555${2_000 + (n % 100)}`, body: '!work 30' });
  const received = await Promise.all(Array.from({ length: 300 }, receive));

  const behind = await stage.waitForStatus(({ state }) => state === 'degraded', 'the account to be behind');
  expect(behind).toMatchObject({
    isActive: false,
    workerPid,
    browserPid,
    reason: expect.stringMatching(
      /^(Messages wait for the bot for|WhatsApp Web tells of messages) more than 1000 ms/,
    ) as string,
  });
  expect(stage.phone.sent.length).toBeLessThan(earlier + received.length);

  const answered = (): string[] => stage.phone.sent.slice(earlier).map(({ quotedMessageId }) => quotedMessageId ?? '');
  await until(() => answered().length >= received.length || undefined, {
    expectation: () => `${answered().length} of ${received.length} answers`,
  });
  expect(answered().sort()).toEqual(received.map(({ id }) => id).sort());
  expect(await stage.waitUntilListening()).toMatchObject({ workerPid, browserPid });
});
