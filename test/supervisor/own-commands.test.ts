import { expect, test, vi } from 'vitest';

import { OwnCommands } from '../../supervisor/switchboard/own-commands.js';

const timeoutMs = 200;

function ask(): { commands: OwnCommands; answer: Promise<unknown>; id: number } {
  const write = vi.fn<(frame: string) => void>();
  const commands = new OwnCommands(write);
  const answer = commands.send('Browser.getVersion', {}, { timeoutMs });
  const [[frame]] = write.mock.calls as [[string]];
  return { commands, answer, id: (JSON.parse(frame.slice(0, -1)) as { id: number }).id };
}

/** As a machine that was suspended, or too busy for this process. */
function standStill(forMs: number): void {
  const end = performance.now() + forMs;
  while (performance.now() < end);
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('an answer that is read some turns after a pause of this process is in time, however long the pause was', async () => {
  const { commands, answer, id } = ask();
  standStill(3 * timeoutMs);
  await turns(5);
  commands.take({ id, result: 'Chromium' });
  expect(await answer).toBe('Chromium');
});

test('a browser that doesn’t answer while this process runs is named with what it was asked', async () => {
  const { answer } = ask();
  await expect(answer).rejects.toThrow(`Chromium has not answered Browser.getVersion for ${timeoutMs} ms`);
});
