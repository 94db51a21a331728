import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fixture, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';

describe('a bot that was written for plain whatsapp-web.js', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;

  beforeAll(async () => {
    const environment = { WASUP_BOT: fixture('moved-in-bot.js') };
    ({ stage, supervisor } = await Stage.openLinked({}, { environment }));
  });
  afterAll(() => stage.close());

  it('answers by its own listeners, once', async () => {
    const answer = await stage.ask('!ping');
    expect(answer.body).toBe('pong');
    expect((await stage.ask('!chat')).body).toBe('from the chat');
    expect(stage.answersTo(answer.quotedMessageId ?? '')).toBe(1);
  });

  it('hears that the client is ready', async () => {
    await supervisor.waitForLine(/^MOVED IN: ready$/);
  });

  it('does no harm by client.initialize(), and is told to leave it out', async () => {
    await supervisor.waitForLine(/WARN.*client\.initialize\(\)/);
    expect(supervisor.matching(/client\.initialize\(\)/)).toHaveLength(1);
    expect(stage.phone.status.pageLoads).toBe(1);
  });

  it('does no harm by client.destroy()', async () => {
    const before = await stage.waitUntilListening();
    expect((await stage.ask('!leave')).body).toBe('still here');
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(await stage.waitUntilListening()).toMatchObject({
      workerPid: before.workerPid,
      browserPid: before.browserPid,
    });
  });
});
