import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { accountNumber, fixture, Stage, type StartOptions } from '../support/stage.js';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open();
});
afterEach(() => expect(stage.processes).toEqual([]));
afterAll(() => stage.close());

describe('a configuration that can not work is told in one message with its remedy, and the exit code is 78', () => {
  it.each<{ what: string; environment: Record<string, string>; says: RegExp }>([
    {
      what: 'an option that does not exist',
      environment: { WASUP_ACOUNTS: accountNumber },
      says: /WASUP_ACOUNTS .*did you mean WASUP_ACCOUNTS/,
    },
    {
      what: 'a number with letters',
      environment: { WASUP_ACCOUNTS: '1202555O1OO' },
      says: /WASUP_ACCOUNTS .*"1202555O1OO" .*digits/,
    },
    {
      what: 'no account',
      environment: { WASUP_ACCOUNTS: '' },
      says: /No account is configured[^]*WASUP_ACCOUNTS[^]*npm start/,
    },
    {
      what: 'a bot module that is not there',
      environment: { WASUP_BOT: './no-such-bot.js' },
      says: /WASUP_BOT: there is no file .*no-such-bot\.js; correct the path/,
    },
    {
      what: 'a browser that is not there',
      environment: { PUPPETEER_EXECUTABLE_PATH: '/nowhere/chromium' },
      says: /browser \/nowhere\/chromium does not exist[^]*PUPPETEER_EXECUTABLE_PATH/,
    },
    {
      what: 'a debugging port',
      environment: { WASUP_BROWSER_ARGS: '--remote-debugging-port=9222' },
      says: /WASUP_BROWSER_ARGS .*--remote-debugging-port.*remove it/,
    },
  ])('$what', async ({ environment, says }) => {
    const { code, errorOutput, output } = await runToItsEnd({ environment });
    expect(errorOutput).toMatch(says);
    expect(errorOutput).toMatch(/^wasup: [^]+\n {2}What to do: .+\n$/);
    expect(errorOutput.match(/What to do:/g)).toHaveLength(1);
    expect(errorOutput).not.toMatch(stackTrace);
    expect(output).not.toMatch(/ERROR|FATAL/);
    expect(code).toBe(78);
  });

  it('everything that is wrong at once', async () => {
    const { code, errorOutput } = await runToItsEnd({
      environment: { WASUP_HTTP_PORT: '99999', WASUP_STANDBY: 'perhaps' },
    });
    expect(errorOutput).toMatch(/2 problems[^]*WASUP_HTTP_PORT[^]*WASUP_STANDBY/);
    expect(code).toBe(78);
  });

  it('a sessions folder that can not be written', async () => {
    const file = join(stage.folder, 'a-file');
    await writeFile(file, '');
    const { code, errorOutput } = await runToItsEnd({ environment: { WASUP_SESSIONS_DIR: join(file, 'sessions') } });
    expect(errorOutput).toMatch(/sessions folder .*a-file.* can't be written[^]*What to do: .*WASUP_SESSIONS_DIR/);
    expect(errorOutput).not.toMatch(stackTrace);
    expect(code).toBe(78);
  });
});

describe('a bot module that can not work is told in one line with its remedy, and the exit code is 78', () => {
  it('a syntax error', async () => {
    // Not in the fixtures, where the project's own checks would stumble over it.
    const path = join(stage.folder, 'broken-bot.mjs');
    await writeFile(path, 'export default { onMessage( {');
    await expectRefusal(path, /could not be loaded: .*Mend the bot module/);
  });

  it('no default export', async () => {
    await expectRefusal(
      fixture('no-default-bot.js'),
      /no default export made by defineBot\(\).*export default defineBot/,
    );
  });

  async function expectRefusal(path: string, says: RegExp): Promise<void> {
    const { code, lines, output, errorOutput } = await runToItsEnd({ environment: { WASUP_BOT: path } });
    const about = lines.filter((line) => line.includes(path));
    expect(about).toHaveLength(1);
    expect(about[0]).toMatch(says);
    expect(output).not.toMatch(stackTrace);
    expect(errorOutput).toBe('');
    expect(code).toBe(78);
    expect(await stage.locks()).toEqual([]);
    expect(await stage.status()).toMatchObject({ isActive: false, workerPid: null, browserPid: null });
  }
});

it('a bot that throws an error of its own while it is loaded is told with its place, and tried again', async () => {
  const supervisor = stage.start({ environment: { WASUP_BOT: fixture('throwing-bot.js') } });
  await supervisor.waitForLine(
    /ERROR.*the database is not there \(.*throwing-bot\.js:1:\d+\)\. Restarting.*Mend the bot module, or what it needs/,
  );
  await supervisor.waitForLine(/WARN.*the database is not there.*Restarting in/);
  expect((await supervisor.stop()).code).toBe(0);
  expect(await stage.locks()).toEqual([]);
});

describe('a wrong command line ends with 64', () => {
  it.each([[['--no-such-option']], [['no-such-command']]])('%s', async (words) => {
    const { code, errorOutput } = await runToItsEnd({ words });
    expect(errorOutput).toMatch(/^error: /);
    expect(errorOutput).not.toMatch(stackTrace);
    expect(code).toBe(64);
  });
});

const stackTrace = /^\s+at /m;

async function runToItsEnd(options: StartOptions) {
  const supervisor = stage.start(options);
  const { code } = await supervisor.waitForExit();
  const { lines, errorOutput } = supervisor;
  return { code, lines, output: lines.join('\n'), errorOutput };
}
