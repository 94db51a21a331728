import type { Message } from 'whatsapp-web.js';
import { describe, expect, it } from 'vitest';

import type { MessageContext } from '../../bot/define-bot.js';
import bot from '../../bot/index.js';

describe('the example bot', () => {
  it.each(['!ping', '!PING', '  !Ping\n'])('answers %j with pong', async (body) => {
    expect(await answersTo(body)).toEqual(['pong']);
  });

  it('answers !status with its account, its process and what it has handled', async () => {
    const [answer = ''] = await answersTo('!status');
    expect(answer).toContain('+12025550100');
    expect(answer).toContain(String(process.pid));
    expect(answer).toMatch(/handled by this worker: \d+$/);
  });

  it.each(['hello', 'ping', '!pingpong', 'what is !ping?', ''])('leaves %j alone', async (body) => {
    expect(await answersTo(body)).toEqual([]);
  });
});

async function answersTo(body: string): Promise<unknown[]> {
  const answers: unknown[] = [];
  const context: MessageContext = {
    account: '12025550100',
    attempt: 1,
    backfilled: false,
    reply: (content) => {
      answers.push(content);
      return Promise.resolve(undefined);
    },
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    signal: new AbortController().signal,
  };
  await bot.onMessage?.({ body } as Message, context);
  return answers;
}

function ignore(): void {
  // The example has nothing to log.
}
