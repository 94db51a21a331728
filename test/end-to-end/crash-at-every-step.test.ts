import { readFile, rename, writeFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DeadLetters } from '../../shared/inbox/dead-letters.js';
import { contactNumber, fixture, Stage } from '../support/stage.js';
import { until } from '../support/until.js';

/**
 * As SQLite tests its own: the worker is killed at its first step with a message, then at its second, until nothing is left to be killed at.
 * Steps are each write to the journal, each line of the handler, and each answer on its way into the page, before and after.
 */
describe('a worker that is killed at any step', () => {
  let stage: Stage;

  beforeAll(async () => {
    const environment = {
      WASUP_BOT: fixture('crashing-bot.js'),
      WASUP_STABLE_AFTER_MS: '0',
      WASUP_BACKOFF_BASE_MS: '10',
      WASUP_BACKOFF_CAP_MS: '100',
      WASUP_BREAKER_FAILURES: '1000',
      WASUP_BREAKER_WINDOW_MS: '86400000',
    };
    ({ stage } = await Stage.openLinked({}, { environment }));
  });
  afterAll(() => stage.close());

  it('with a message that has just come loses none, and gives each answer once', async () => {
    const crashes = await crashAtEveryStep('before INSERT INTO messages', async (n) => {
      const first = await receive(contactNumber, `live ${n}`);
      // Only then: which step comes when is the same each time as long as nothing else comes meanwhile.
      await done(first);
      const second = await receive(contactNumber, `after ${n}`);
      await done(second);
      return [first, second];
    });
    const steps = [
      ...around('INSERT INTO messages'),
      ...around('UPDATE messages'),
      ...around('a send'),
      'handler begins',
      'first answer is given',
      'handler ends',
    ];
    expect([...new Set(crashes)]).toEqual(expect.arrayContaining(steps));
  });

  it('with messages that it has missed loses none, and gives each answer once', async () => {
    const crashes = await crashAtEveryStep(
      'before BEGIN',
      async (n) => {
        const { pageLoads } = stage.sandbox.counters;
        stage.sandbox.network({ cut: true });
        const missed = [
          await receive(contactNumber, `missed ${n}`),
          await receive(contactNumber, `missed afterwards ${n}`),
        ];
        stage.phone.reloadPage();
        await until(() => stage.sandbox.counters.pageLoads > pageLoads || undefined, {
          expectation: () => 'the page to load again',
        });
        stage.sandbox.network({ cut: false });
        for (const message of missed) await answered(message);
        return missed;
      },
      /handler|answer|a send/,
    );
    expect(crashes).toEqual(
      expect.arrayContaining([...around('INSERT INTO messages'), ...around('COMMIT'), ...around('INSERT INTO facts')]),
    );
  });

  function around(step: string): string[] {
    return [`before ${step}`, `after ${step}`];
  }

  interface Received {
    readonly id: string;
    readonly body: string;
  }

  async function receive(from: string, body: string): Promise<Received> {
    return { id: (await stage.phone.receiveText({ from, body })).id, body };
  }

  async function answered({ id, body }: Received): Promise<void> {
    const last = `second answer to ${body}`;
    await stage.phone.waitForSent(({ quotedMessageId, body: given }) => quotedMessageId === id && given === last);
  }

  async function done(message: Received): Promise<void> {
    await answered(message);
    await until(
      () => {
        const inbox = DeadLetters.open(stage.paths.inbox);
        try {
          const { waiting, running } = inbox?.counts() ?? { waiting: 1, running: 0 };
          return waiting + running === 0 || undefined;
        } finally {
          inbox?.close();
        }
      },
      { expectation: () => `the inbox to be done with "${message.body}"` },
    );
  }

  function answersTo(id: string): string[] {
    return stage.phone.sent.filter(({ quotedMessageId }) => quotedMessageId === id).map(({ body }) => body);
  }

  /**
   * @param from the step with which it begins.
   * @param ends the steps before which it is enough; without it all are gone through.
   * @returns the steps at which the worker was killed.
   */
  async function crashAtEveryStep(
    from: string,
    work: (n: number) => Promise<Received[]>,
    ends?: RegExp,
  ): Promise<string[]> {
    const crashes: string[] = [];
    const plan = `${stage.recording}.plan`;
    for (let n = 1; ; n += 1) {
      const before = await stage.waitUntilListening();
      await writeFile(stage.recording, '');
      await writeFile(`${plan}.new`, JSON.stringify({ count: n, from }));
      await rename(`${plan}.new`, plan);
      const messages = await work(n);
      for (const { id, body } of messages) {
        expect(answersTo(id), `after ${crashes.at(-1) ?? 'nothing'} (${n})`).toEqual([
          `first answer to ${body}`,
          `second answer to ${body}`,
        ]);
      }
      const isOver = await rename(plan, `${plan}.over`).then(
        () => true,
        () => false,
      );
      if (isOver) return crashes;
      const step = (await readFile(stage.recording, 'utf8')).trim();
      if (ends?.test(step) === true) return crashes;
      crashes.push(step);
      await stage.waitUntilListening(before);
    }
  }
});
