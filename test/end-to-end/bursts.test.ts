import { afterAll, beforeAll, expect, it } from 'vitest';

import { contactNumber, fixture, Stage } from '../support/stage.js';
import { until } from '../support/until.js';

/** Of one chat: more than a worker takes in one turn of its event loop. */
const burst = 400;
const otherNumber = '12025550177';

let stage: Stage;

beforeAll(async () => {
  ({ stage } = await Stage.openLinked({}, { environment: { WASUP_BOT: fixture('echo-bot.js') } }));
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
