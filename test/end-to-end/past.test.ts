import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fixture, Stage } from '../support/stage.js';

const environment = { WASUP_BOT: fixture('telling-bot.js') };
const hours = 3_600_000;

/** A machine whose clock is wrong: without a battery, say, before it has reached the network. */
function clockOffBy(milliseconds: number): Record<string, string> {
  const module = fileURLToPath(new URL('fixtures/wrong-clock.mjs', import.meta.url));
  return { ...environment, NODE_OPTIONS: `--import ${module}`, CLOCK_IS_OFF_MS: String(milliseconds) };
}

describe('what was there before the device was linked', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ autoLink: { number: '12025550100' } });
    stage.phone.seedHistory({ chats: 20, messages: 200, spacing: 600 });
  });
  afterAll(() => stage.close());

  const fromBefore = (lines: readonly string[]): string[] =>
    lines.filter((line) => /HANDLES message \d+ of 200/.test(line));

  it.each([
    ['at the link, by two days', -48 * hours],
    ['at a start, by two days', -48 * hours],
  ])('is not handed over when the clock is wrong %s; what came meanwhile is', async (when, offMs) => {
    const { id } = await stage.phone.receiveText({ from: '12025550123', body: `missed with ${offMs}` });
    const supervisor = stage.start({ environment: clockOffBy(offMs) });
    await stage.waitUntilListening();
    await stage.ask('after the start');
    if (when.startsWith('at a start')) await stage.answerTo(id);
    await supervisor.stop();
    expect(fromBefore(supervisor.lines)).toEqual([]);
  });
});
