import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import type { ReloadAnswer } from '../../supervisor/control/controlled.js';
import { sessionPaths } from '../../shared/paths.js';
import { ManyAccounts, numbers, type Pids } from '../support/eight-accounts.js';
import { isAlive } from '../support/processes.js';
import { fixture } from '../support/stage.js';
import { until } from '../support/until.js';
import { runWasup } from '../support/wasup-command.js';

const [stays = '', changes = '', leaves = '', comes = ''] = numbers;
const patienceMs = 120_000;

let many: ManyAccounts;
let file: string;
let before: Record<string, Pids>;

beforeAll(async () => {
  // The accounts come from the file alone.
  many = await ManyAccounts.open([stays, changes, leaves], { WASUP_ACCOUNTS: '', WASUP_AUTH_METHOD: '' });
  file = join(many.stage.workingDirectory, 'wasup.config.json');
  await write({ accounts: [stays, changes, leaves] });
  await many.start();
  await many.link();
}, patienceMs);
beforeEach(async () => {
  before = await many.pids();
});
afterAll(async () => {
  await rm(file, { force: true });
  await many.close();
});

const write = (settings: object): Promise<void> =>
  writeFile(file, JSON.stringify({ authMethod: 'code', startConcurrency: 2, ...settings }));

async function reload(): Promise<ReloadAnswer> {
  const response = await many.request('/api/reload', 'POST');
  expect(response.status).toBe(200);
  return (await response.json()) as ReloadAnswer;
}

async function expectUntouched(...accounts: string[]): Promise<void> {
  expect(await many.pids(accounts)).toEqual(Object.fromEntries(accounts.map((number) => [number, before[number]])));
  expect(await many.askAll(accounts)).toEqual(accounts.map(() => 'pong'));
}

it('a file in which nothing has changed changes nothing', async () => {
  expect(await reload()).toEqual({
    sentence: 'Nothing has changed.',
    added: [],
    removed: [],
    changed: [],
    needRestart: [],
  });
  await expectUntouched(stays, changes, leaves);
});

it(
  'an account that is added comes up and is linked, on SIGHUP',
  async () => {
    const mark = many.supervisor.mark;
    await write({ accounts: [stays, changes, leaves, comes] });
    many.supervisor.signal('SIGHUP');
    await many.supervisor.waitForLine(new RegExp(`The configuration was reloaded\\. Started: \\+${comes}\\.$`), {
      from: mark,
    });
    await many.link([comes]);
    expect((await many.ask(comes)).body).toBe('pong');
    await expectUntouched(stays, changes, leaves);
  },
  patienceMs,
);

it(
  'an account that is removed is stopped in order, keeps its login, and is free for others',
  async () => {
    const paths = sessionPaths(many.stage.sessionsFolder, leaves);
    await write({ accounts: [stays, changes, comes] });
    const result = await runWasup(['reload', '--sessions-dir', many.stage.sessionsFolder], many.stage.workingDirectory);
    expect(result).toMatchObject({
      code: 0,
      errorOutput: '',
      output: expect.stringContaining(`Stopped: +${leaves}.`) as string,
    });
    const { workerPid, browserPid } = before[leaves] ?? {};
    expect([workerPid, browserPid].map((pid) => isAlive(pid ?? 0))).toEqual([false, false]);
    expect((await many.request(`/api/accounts/${leaves}`)).status).toBe(404);
    expect((await many.views()).map(({ number }) => number)).toEqual([stays, changes, comes]);
    expect(existsSync(paths.profile)).toBe(true);
    expect(JSON.parse(await readFile(paths.deviceStatus, 'utf8'))).toMatchObject({
      isActive: false,
      deviceLinked: true,
    });
    await expectUntouched(stays, changes, comes);

    // Nobody holds it any more: it comes back in the same folder, from the login that was kept.
    await write({ accounts: [stays, changes, leaves, comes] });
    expect(await reload()).toMatchObject({ added: [leaves] });
    await many.waitUntilListening([leaves]);
    expect((await many.ask(leaves)).body).toBe('pong');
    expect(many.stage.sandbox.phone(leaves).status).toMatchObject({ devices: 1, links: 1 });
    await expectUntouched(stays, changes, comes);
  },
  patienceMs,
);

it(
  'an account that gets a bot of its own gets another worker with it, in the same browser, and no other does',
  async () => {
    await write({ accounts: [stays, { number: changes, botModule: fixture('echo-bot.js') }, leaves, comes] });
    expect(await reload()).toMatchObject({ added: [], removed: [], changed: [changes], needRestart: [] });
    const asked = async (): Promise<void> => expectUntouched(stays, leaves, comes);
    await Promise.all([asked(), many.waitUntilListening([changes], before)]);
    expect((await many.ask(changes, 'hello')).body).toBe('You said: hello');
    await expectUntouched(stays, leaves, comes);
    const after = await many.view(changes);
    expect(after?.workerPid).not.toBe(before[changes]?.workerPid);
    expect(after?.browserPid).toBe(before[changes]?.browserPid);
  },
  patienceMs,
);

it('a file that is wrong is refused with its place, and everything goes on as it was', async () => {
  const all = [stays, leaves, comes];
  await writeFile(file, '{ "accounts": [');
  const response = await many.request('/api/reload', 'POST');
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({
    error: expect.stringContaining('wasup.config.json: is not valid JSON') as string,
    action: expect.stringContaining('until then nothing changes') as string,
  });
  await write({ accounts: [stays, { number: changes, botModule: './there-is-none.js' }], memorySoftLimitMb: 1 });
  // From elsewhere: here the command itself would refuse the file that the folder's place is read from.
  const result = await runWasup(['reload', '--sessions-dir', many.stage.sessionsFolder], many.stage.folder);
  expect(result).toMatchObject({ code: 1, output: '' });
  expect(result.errorOutput).toContain('there-is-none.js');
  expect(result.errorOutput).toContain('memorySoftLimitMb');
  const from = many.supervisor.mark;
  many.supervisor.signal('SIGHUP');
  await many.supervisor.waitForLine(/ERROR.*The configuration was not reloaded/, { from });
  await expectUntouched(...all);
  expect(await many.pids([changes])).toEqual({ [changes]: before[changes] });
});

it('what holds at once holds, and what needs another start of wasup is named and left as it was', async () => {
  const accounts = [stays, { number: changes, botModule: fixture('echo-bot.js') }, leaves, comes];
  await write({ accounts, startConcurrency: 3, memoryIntervalMs: 1_000, standby: false, http: { host: '127.0.0.2' } });
  const answer = await reload();
  expect(answer).toMatchObject({ added: [], removed: [], changed: [], needRestart: ['http.host', 'standby'] });
  expect(answer.sentence).toMatch(/In force from now on: .*startConcurrency/);
  expect(answer.sentence).toMatch(/need another start of wasup: /);
  await expectUntouched(stays, leaves, comes);
});

it(
  'a configuration that is a program is read anew each time',
  async () => {
    const script = join(many.stage.workingDirectory, 'wasup.config.js');
    const settings = { accounts: [stays, changes, leaves, comes], authMethod: 'code', startConcurrency: 3 };
    const program = (botModule: string): string =>
      `const settings = ${JSON.stringify(settings)}; export default { ...settings, botModule: ${JSON.stringify(botModule)} };`;
    await rm(file);
    try {
      await writeFile(script, program(fixture('echo-bot.js')));
      // One of them has had this bot as its own; now it is that of all.
      expect(await reload()).toMatchObject({ added: [], removed: [], changed: [stays, leaves, comes] });
      await many.waitUntilListening([stays, leaves, comes], before);
      expect((await many.ask(stays, 'hello')).body).toBe('You said: hello');
      const meanwhile = await many.pids();
      await writeFile(script, program(fixture('moved-in-bot.js')));
      expect(await reload()).toMatchObject({ changed: [stays, changes, leaves, comes] });
      await many.waitUntilListening([stays, changes, leaves, comes], meanwhile);
    } finally {
      await rm(script);
    }
  },
  patienceMs,
);

it(
  'as many as the new limit allows are on their way up',
  async () => {
    // The one that stays keeps the bot that it has.
    const accounts = [{ number: comes, botModule: fixture('moved-in-bot.js') }, ...numbers.slice(4)];
    await write({ accounts, startConcurrency: 1, startJitterMs: 0 });
    const added = numbers.slice(4);
    const reloading = reload();
    let most = 0;
    let haveWaited = 0;
    await until(
      async () => {
        const coming = (await many.views()).filter(({ number }) => added.includes(number));
        const starting = coming.filter(({ state }) => state === 'starting');
        const waiting = starting.filter(({ sentence }) => sentence.startsWith('Waiting for other accounts'));
        most = Math.max(most, starting.length - waiting.length);
        haveWaited = Math.max(haveWaited, waiting.length);
        return coming.filter(({ state }) => state === 'linking').length === added.length ? true : undefined;
      },
      { timeoutMs: patienceMs, expectation: () => `all to show a code.${many.supervisor.describe()}` },
    );
    expect({ most, haveWaited }).toEqual({ most: 1, haveWaited: added.length - 1 });
    expect(await reloading).toMatchObject({ added, removed: [stays, changes, leaves] });
    await many.link(added);
  },
  patienceMs,
);
