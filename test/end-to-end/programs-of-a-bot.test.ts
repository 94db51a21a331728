import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { isAlive } from '../support/processes.js';
import { contactNumber, fixture, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

const environment = { WASUP_BOT: fixture('starting-bot.js') };

describe.runIf(process.platform === 'linux')('a program that a bot has started', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let before: ListeningStatus;

  beforeAll(async () => {
    ({ stage, supervisor } = await Stage.openLinked({}, { environment }));
    before = await stage.waitUntilListening();
  });
  afterAll(() => stage.close());

  it.each(['!start', '!start stubborn'])(
    '(%s) goes with a worker that is killed, and the next one answers',
    async (order) => {
      const program = await ask(order);
      expect(isAlive(program)).toBe(true);
      process.kill(before.workerPid, 'SIGKILL');
      before = await stage.waitUntilListening(before);
      expect(isAlive(program)).toBe(false);
      expect((await stage.ask('!ping')).body).toBe('pong');
    },
  );

  it.each(['!start', '!start stubborn'])('(%s) goes with a supervisor that is killed', async (order) => {
    if (!supervisor.isRunning) {
      supervisor = stage.start({ environment });
      before = await stage.waitUntilListening(before);
    }
    const program = await ask(order);
    await supervisor.stop('SIGKILL');
    await until(() => !isAlive(program) || undefined, { expectation: () => `program ${program} to be gone` });
    await stage.waitUntilNothingRuns();
  });

  it('is gone when a stop has ended', async () => {
    supervisor = stage.start({ environment });
    before = await stage.waitUntilListening(before);
    const programs = [await ask('!start'), await ask('!start stubborn')];
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expect(programs.map(isAlive)).toEqual([false, false]);
  });

  it('goes with a supervisor that is killed while its worker hangs, however stubborn it is', async () => {
    supervisor = stage.start({ environment });
    before = await stage.waitUntilListening(before);
    const program = await ask('!start stubborn');
    await stage.phone.receiveText({ from: contactNumber, body: '!hang' });
    await supervisor.waitForLine(/HANGING/);
    await supervisor.stop('SIGKILL');
    await until(() => !isAlive(program) || undefined, { expectation: () => `program ${program} to be gone` });
  });

  async function ask(order: string): Promise<number> {
    return Number((await stage.ask(order)).body);
  }
});
