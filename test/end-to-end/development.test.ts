import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ChangingBot } from '../support/changing-bot.js';
import { developmentCommand, ownCheckout } from '../support/checkout.js';
import { accountNumber, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

/** The bot of a user, who saves it again and again. */
describe('a bot that is being written', () => {
  let stage: Stage;
  let bot: ChangingBot;
  let development: SupervisorProcess;
  let before: ListeningStatus;
  let mark: number;

  beforeAll(async () => {
    stage = await Stage.open({ autoLink: { number: accountNumber } });
    // Of its own folder: everything beside a bot is watched.
    const folder = join(stage.folder, 'bot');
    await mkdir(folder);
    bot = new ChangingBot(folder).says('nothing yet');
    await start();
    // Its login is on disk now, also if the browser is killed.
    await development.stop('SIGINT');
    await start();
  });
  beforeEach(async () => {
    bot.says('as it was');
    await waitUntilBotSays('as it was');
    before = await stage.waitUntilListening();
    ({ mark } = development);
  });
  afterEach(() => {
    // However often its worker was replaced.
    expect(stage.phone.status).toMatchObject({ linked: true, links: 1, devices: 1 });
    expect(development.matching(/SCAN QR CODE/)).toEqual([]);
  });
  afterAll(() => stage.close());

  it('is served by its new code after a save, without a moment in which WhatsApp is gone', async () => {
    const { socketConnections, pageLoads } = stage.phone.status;
    bot.says('as it is now');
    const after = await stage.waitUntilListening(before);
    expect(await answer()).toBe(`${after.workerPid} says as it is now`);
    expect(after.browserPid).toBe(before.browserPid);
    expect(stage.phone.status).toMatchObject({ socketConnections, pageLoads, connected: true });
    expect(development.matching(/changing-bot\.mjs changed: the new code takes over\.$/, mark)).toHaveLength(1);
    expect(development.matching(/WARN|ERROR/, mark)).toEqual([]);
  });

  it('may be saved as editors do it, who write another file and give it the name', async () => {
    const draft = `${bot.path}.draft`;
    await writeFile(draft, `export default { onMessage: (_message, ctx) => ctx.reply('says renamed') };\n`);
    await rename(draft, bot.path);
    await waitUntilBotSays('renamed');
  });

  it('is served anew when a file beside it has changed', async () => {
    const words = join(stage.folder, 'bot', 'words.mjs');
    await writeFile(words, `export const word = 'one';\n`);
    bot.is(`import { word } from './words.mjs';
      export default { onMessage: (_message, ctx) => ctx.reply('says ' + word) };\n`);
    await waitUntilBotSays('one');
    await writeFile(words, `export const word = 'two';\n`);
    await waitUntilBotSays('two');
  });

  it.each([
    ['can not be read by Node', 'export default { onMessage: (_message, context) => context.reply("half a\n'],
    ['throws while it is loaded', 'throw new Error("not written yet");\n'],
  ])('goes on as it was when what was saved %s, until the next good save', async (_what, source) => {
    bot.is(source);
    await development.waitForLine(/The new worker could not be started, so the old one goes on/, { from: mark });
    expect(await answer()).toBe(`${before.workerPid} says as it was`);

    bot.says('as it is now');
    await waitUntilBotSays('as it is now');
  });

  it('is in the end as it was saved lastly, after twenty saves within two seconds', async () => {
    for (let save = 1; save <= 20; save += 1) {
      bot.says(`save ${save}`);
      // Far below the pause that ends a burst of changes, also for a timer that is late.
      await sleep(20);
    }
    await waitUntilBotSays('save 20');
    expect(development.matching(/the new code takes over/, mark).length).toBeLessThanOrEqual(3);
    expect((await stage.waitUntilListening(before)).browserPid).toBe(before.browserPid);
  });

  it('is in the end as it was saved in the moment in which its worker was killed', async () => {
    process.kill(before.workerPid, 'SIGKILL');
    bot.says('saved during a crash');
    await stage.waitUntilListening(before);
    await waitUntilBotSays('saved during a crash');
    expect((await stage.waitUntilListening(before)).browserPid).toBe(before.browserPid);
  });

  it('is in the end as it was saved while the session was being restored', async () => {
    const { release } = stage.phone.sync({ withhold: true });
    try {
      process.kill(before.browserPid, 'SIGKILL');
      await stage.waitForStatus(({ state }) => state === 'restoring', 'the session to be restored');
      bot.says('saved during a restore');
      await development.waitForLine(/the new code takes over/, { from: mark });
    } finally {
      release();
    }
    // What comes while nobody listens isn't fetched afterwards.
    await stage.waitUntilListening(before);
    await waitUntilBotSays('saved during a restore');
  });

  it('that writes a file beside itself while it is loaded is not replaced for ever', async () => {
    const words = 'says written';
    bot.is(`import { writeFileSync } from 'node:fs';
      writeFileSync(new URL('state.json', import.meta.url), String(process.pid));
      export default { onMessage: (_message, ctx) => ctx.reply('${words}') };\n`);
    await development.waitForLine(/state\.json changes again after each restart: .*left out until code is saved/, {
      from: mark,
      timeoutMs: 90_000,
    });
    await waitUntilBotSays('written');
    expect(development.matching(/state\.json changed: the new code takes over/, mark)).toHaveLength(3);
  }, 150_000);

  async function start(): Promise<void> {
    development = stage.start({
      environment: { WASUP_BOT: bot.path },
      runner: { command: developmentCommand(), workingDirectory: ownCheckout },
    });
    await stage.waitUntilListening();
  }

  async function answer(): Promise<string> {
    return (await stage.ask('How is it?')).body;
  }

  /** Asks again and again: which code answers in between is nobody's concern, but an answer comes each time. */
  async function waitUntilBotSays(words: string): Promise<void> {
    await until(async () => ((await answer()).endsWith(`says ${words}`) ? true : undefined), {
      expectation: () => `the answer "${words}".${development.describe()}`,
    });
  }
});
