import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Inbox } from '../../shared/inbox/inbox.js';
import { openDatabase } from '../../shared/inbox/inbox-file.js';
import type { InboxMessage } from '../../shared/inbox/inbox-message.js';
import { type SessionPaths, sessionPaths } from '../../shared/paths.js';
import { execute } from '../../supervisor/commands.js';

const number = '12025550100';
const chat = '12025550123@c.us';
const now = Date.parse('2026-11-01T10:00:00Z');
let folder: string;
let paths: SessionPaths;
let printed: string;
let complained: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasup-messages-'));
  paths = sessionPaths(folder, number);
  mkdirSync(paths.directory);
  printed = '';
  complained = '';
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    complained += String(text);
    return true;
  });
  for (const name of Object.keys(process.env)) if (name.startsWith('WASUP_')) vi.stubEnv(name, undefined);
  vi.stubEnv('WASUP_SESSIONS_DIR', folder);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** What the worker of another process has open. */
function withInbox<Result>(work: (inbox: Inbox) => Result): Result {
  const unexpected = (): void => expect.unreachable('the inbox is sound');
  const inbox = new Inbox({
    path: paths.inbox,
    now: () => now,
    onTrouble: unexpected,
    onSaved: unexpected,
    onRebuilt: unexpected,
  });
  try {
    return work(inbox);
  } finally {
    inbox.close();
  }
}

/** Three dead letters, of which C is the newest, and one message in each of the other states. */
function fillInbox(): void {
  withInbox((inbox) => {
    const add = (id: string, changes: Partial<InboxMessage>): void => {
      const raw = JSON.stringify({ type: 'chat', from: { _serialized: chat }, body: `text of ${id}` });
      inbox.add({ id, chat, t: now / 1_000 - 60, raw });
      const message = inbox.get(id);
      if (message !== undefined) inbox.update({ ...message, ...changes });
    };
    for (const [index, id] of ['A', 'B', 'C'].entries()) {
      add(id, { state: 'dead', attempts: 3, deaths: index, error: `${id} has failed`, settledAt: now + index });
    }
    add('waits', {});
    add('runs', { state: 'running', attempts: 1 });
    add('is-done', { state: 'done', attempts: 1, raw: null, settledAt: now });
  });
}

const stateOf = (id: string): string | undefined => withInbox((inbox) => inbox.get(id)?.state);
const statesOf = (...ids: string[]): (string | undefined)[] => ids.map(stateOf);
const messages = (...words: string[]): Promise<number> => execute(['messages', number, ...words]);
const json = (): unknown => JSON.parse(printed) as unknown;
const unwrapped = (text: string): string => text.replaceAll(/\s+/g, ' ');
const places = (...texts: string[]): number[] => texts.map((text) => printed.indexOf(text));

describe('wasup messages', () => {
  beforeEach(fillInbox);

  it.each([[[]], [['list']]])(
    'says what waits, and which dead letters there are, the newest first: %j',
    async (words) => {
      expect(await messages(...words)).toBe(0);
      expect(printed).toMatch(/^Waiting +1 for the bot, 1 with it\.$/m);
      expect(printed).toMatch(/^Done +1 /m);
      expect(printed).toMatch(/^Dead letters +3, /m);
      const [newest = -1, middle = -1, oldest = -1] = places('C has failed', 'B has failed', 'A has failed');
      expect([0 < newest, newest < middle, middle < oldest]).toEqual([true, true, true]);
      expect(unwrapped(printed)).toContain('3 attempts, 2 of them the end of a worker');
      expect(printed).not.toContain('text of');
      for (const word of ['show', 'replay', 'drop']) expect(printed).toContain(`wasup messages ${number} ${word} `);
      expect(complained).toBe('');
    },
  );

  it('lists as many as were asked for, and says how many there are beyond', async () => {
    expect(await messages('--limit', '2')).toBe(0);
    expect(places('C has failed', 'B has failed')).not.toContain(-1);
    expect(printed).not.toContain('A has failed');
    expect(printed).toContain('And 1 older ones (--limit).');
  });

  it('tells programs the same, with times as everywhere, and without what was written', async () => {
    expect(await messages('--json', '--limit', '1')).toBe(0);
    expect(json()).toEqual({
      waiting: 1,
      running: 1,
      dead: 3,
      done: 1,
      deadLetters: [
        {
          id: 'C',
          chat,
          state: 'dead',
          sentAt: '2026-11-01T09:59:00.000Z',
          receivedAt: '2026-11-01T10:00:00.000Z',
          settledAt: '2026-11-01T10:00:00.002Z',
          nextAttemptAt: null,
          backfilled: false,
          attempts: 3,
          deaths: 2,
          error: 'C has failed',
        },
      ],
    });
  });

  it('only looks, where it isn’t asked for a change', async () => {
    for (const words of [[], ['--json'], ['show', 'A'], ['show', 'runs']]) await messages(...words);
    expect(statesOf('A', 'B', 'C', 'waits', 'runs', 'is-done')).toEqual([
      'dead',
      'dead',
      'dead',
      'waiting',
      'running',
      'done',
    ]);
  });

  it('shows a message with what was written, whatever has become of it', async () => {
    expect(await messages('show', 'B')).toBe(0);
    expect(printed).toMatch(/^Text +text of B$/m);
    expect(printed).toMatch(/^State +Dead letter since 2026-11-01/m);
    expect(printed).toMatch(/^Error +B has failed$/m);
    printed = '';
    expect(await messages('show', 'waits')).toBe(0);
    expect(printed).toMatch(/^State +Waiting for the bot\.$/m);
    printed = '';
    expect(await messages('show', 'is-done')).toBe(0);
    expect(printed).toMatch(/^State +Done since .*$/m);
    expect(printed).toMatch(/^Text +Not kept/m);
  });

  it('shows programs the library’s raw model, too', async () => {
    expect(await messages('show', 'A', '--json')).toBe(0);
    expect(json()).toMatchObject({ id: 'A', state: 'dead', message: { type: 'chat', body: 'text of A' } });
    printed = '';
    expect(await messages('show', 'is-done', '--json')).toBe(0);
    expect(json()).toMatchObject({ id: 'is-done', state: 'done', message: null });
  });

  it('replays one dead letter: it waits for the bot with all its attempts, the others stay', async () => {
    expect(await messages('replay', 'B')).toBe(0);
    expect(printed).toMatch(/^1 dead letter waits for the bot again/);
    expect(statesOf('A', 'B', 'C')).toEqual(['dead', 'waiting', 'dead']);
    expect(withInbox((inbox) => inbox.get('B'))).toMatchObject({ attempts: 0, deaths: 0, settledAt: null });
  });

  it('replays all dead letters where none is named, and nothing else', async () => {
    expect(await messages('replay')).toBe(0);
    expect(printed).toMatch(/^3 dead letters wait for the bot again/);
    expect(statesOf('A', 'B', 'C', 'runs', 'is-done')).toEqual(['waiting', 'waiting', 'waiting', 'running', 'done']);
  });

  it('drops those that are named: they are done, and what was written is gone', async () => {
    expect(await messages('drop', 'A', 'C', 'A')).toBe(0);
    expect(printed).toBe('2 dead letters are given up.\n');
    expect(statesOf('A', 'B', 'C')).toEqual(['done', 'dead', 'done']);
    expect(withInbox((inbox) => inbox.get('A')?.raw)).toBeNull();
    expect(complained).toBe('');
  });

  it('tells programs how many it has changed', async () => {
    expect(await messages('replay', 'A', '--json')).toBe(0);
    expect(json()).toEqual({ replayed: 1 });
    printed = '';
    expect(await messages('drop', 'B', 'C', '--json')).toBe(0);
    expect(json()).toEqual({ dropped: 2 });
  });

  it.each(['replay', 'drop'])(
    '%s of what is no dead letter ends with 1, says of each why, and does the rest',
    async (action) => {
      expect(await messages(action, 'waits', 'A', 'runs', 'is-done', 'nobody', 'nobody')).toBe(1);
      expect(printed).toMatch(/^1 dead letter /);
      expect(complained).toMatch(/^waits is no dead letter: it waits for the bot\.$/m);
      expect(complained).toMatch(/^runs is no dead letter: it is with the bot\.$/m);
      expect(complained).toMatch(/^is-done is no dead letter: it is done\.$/m);
      expect(complained.match(/^There is no message nobody\.$/gm)).toHaveLength(1);
      expect(complained).toContain(`What to do: See which there are: wasup messages ${number}`);
      expect(statesOf('A', 'waits', 'runs', 'is-done')).toEqual([
        action === 'replay' ? 'waiting' : 'done',
        'waiting',
        'running',
        'done',
      ]);
    },
  );

  it('shows no message that isn’t there: it ends with 1, and says where they are listed', async () => {
    expect(await messages('show', 'nobody')).toBe(1);
    expect(printed).toBe('');
    expect(complained).toBe(
      `There is no message nobody.\n  What to do: See which there are: wasup messages ${number}\n`,
    );
  });

  describe('of a person with two addresses', () => {
    const lid = '111111111111111@lid';
    const parkedUnder = `false_${chat}_3EB0A`;
    const askedUnder = `false_${lid}_3EB0A`;

    beforeEach(() => {
      withInbox((inbox) => {
        inbox.add({ id: parkedUnder, chat, t: now / 1_000, raw: '{"type":"chat","body":"told of under the number"}' });
        const message = inbox.get(parkedUnder);
        if (message !== undefined) inbox.update({ ...message, state: 'dead', attempts: 3, settledAt: now });
        inbox.keepAddresses(new Map([[lid, chat]]));
      });
    });

    it('takes a message’s id under either', async () => {
      expect(await messages('show', askedUnder)).toBe(0);
      expect(printed).toContain('told of under the number');
      expect(await messages('replay', askedUnder)).toBe(0);
      expect(printed).toContain('1 dead letter waits for the bot again');
      expect(stateOf(parkedUnder)).toBe('waiting');
      expect(await messages('drop', askedUnder)).toBe(1);
      expect(complained).toContain(`${askedUnder} is no dead letter: it waits for the bot.`);
    });

    it('counts it once, where both ids are given', async () => {
      expect(await messages('drop', askedUnder, parkedUnder)).toBe(0);
      expect(printed).toBe('1 dead letter is given up.\n');
      expect(complained).toBe('');
      expect(stateOf(parkedUnder)).toBe('done');
    });

    it('says of an id of a person that isn’t known where ids are listed', async () => {
      expect(await messages('show', 'false_999999999999999@lid_3EB0A')).toBe(1);
      expect(complained).toContain(`What to do: See which there are: wasup messages ${number}`);
    });
  });

  it('doesn’t wait for ever for another process that writes, and changes nothing then', async () => {
    const other = openDatabase(paths.inbox);
    other.exec('BEGIN IMMEDIATE');
    try {
      expect(await messages('replay')).toBe(1);
      expect(printed).toBe('');
      expect(complained).toMatch(
        /^The inbox .* is being written by another process; nothing was done\.\n {2}What to do: Try again/,
      );
    } finally {
      other.exec('ROLLBACK');
      other.close();
    }
    expect(statesOf('A', 'B', 'C')).toEqual(['dead', 'dead', 'dead']);
  });
});

describe('a drop of all dead letters', () => {
  beforeEach(fillInbox);

  /** A person at the terminal. */
  function answering(answer: string): void {
    const terminal = Object.assign(new PassThrough(), { isTTY: true });
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(terminal as unknown as typeof process.stdin);
    terminal.end(`${answer}\n`);
  }

  it('is done on a yes, after saying what that means', async () => {
    answering('y');
    expect(await messages('drop')).toBe(0);
    expect(complained).toContain(`3 dead letters of +${number}: the bot never gets them`);
    expect(printed).toBe('3 dead letters are given up.\n');
    expect(statesOf('A', 'B', 'C')).toEqual(['done', 'done', 'done']);
  });

  it.each(['', 'n', 'drop'])('is not done on anything else (%j), and ends with 1', async (answer) => {
    answering(answer);
    expect(await messages('drop')).toBe(1);
    expect(printed).toBe('');
    expect(complained).toMatch(/Nothing was done\.\n$/);
    expect(statesOf('A', 'B', 'C')).toEqual(['dead', 'dead', 'dead']);
  });

  it('is done without a question when that is said', async () => {
    expect(await messages('drop', '--yes')).toBe(0);
    expect(statesOf('A', 'B', 'C')).toEqual(['done', 'done', 'done']);
    expect(complained).toBe('');
  });

  it('is refused with 64 when there is nobody to ask', async () => {
    const nobody = Object.assign(new PassThrough(), { isTTY: false });
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(nobody as unknown as typeof process.stdin);
    await expect(messages('drop')).rejects.toMatchObject({
      exitCode: 64,
      remedy: expect.stringContaining(`wasup messages ${number} drop --yes`) as string,
    });
    expect(statesOf('A', 'B', 'C')).toEqual(['dead', 'dead', 'dead']);
  });

  it('is no question when there are none', async () => {
    await messages('drop', '--yes');
    printed = '';
    expect(await messages('drop')).toBe(0);
    expect(printed).toBe('There are no dead letters.\n');
  });
});

describe('an account that never had a message', () => {
  it('has none, and gets no inbox by being asked', async () => {
    expect(await messages()).toBe(0);
    expect(printed).toMatch(/^Waiting +0 for the bot, 0 with it\.$/m);
    expect(printed).toMatch(/^Dead letters +None\.$/m);
    printed = '';
    expect(await messages('--json')).toBe(0);
    expect(json()).toEqual({ waiting: 0, running: 0, dead: 0, done: 0, deadLetters: [] });
    printed = '';
    for (const action of ['replay', 'drop']) expect(await messages(action)).toBe(0);
    expect(printed).toBe('There are no dead letters.\n'.repeat(2));
    expect(await messages('show', 'A')).toBe(1);
    expect(await messages('drop', 'A')).toBe(1);
    expect(readdirSync(paths.directory)).toEqual([]);
  });
});

describe('an account that isn’t there', () => {
  it.each(['list', 'replay', 'drop'])('ends %s with 1, and says where it was looked for', async (action) => {
    expect(await execute(['messages', '12025550199', action])).toBe(1);
    expect(printed).toBe('');
    expect(complained).toContain(`no folder ${join(folder, 'session-12025550199')}`);
    expect(complained).toContain('WASUP_SESSIONS_DIR');
    expect(readdirSync(folder)).toEqual([`session-${number}`]);
  });
});

describe('an inbox that can’t be read', () => {
  const damages: [string, () => void][] = [
    [
      'is no database',
      () => writeFileSync(paths.inbox, 'not a database, but long enough to look like one. '.repeat(100)),
    ],
    [
      'is cut off',
      () => {
        withInbox((inbox) => {
          for (let n = 0; n < 300; n += 1) inbox.add({ id: `${n}`, chat, t: n, raw: `{"body":"${'x'.repeat(500)}"}` });
        });
        truncateSync(paths.inbox, 20_000);
      },
    ],
    ['is a folder', () => mkdirSync(paths.inbox)],
  ];
  it.each(damages)('because it %s ends every action with 1, says so, and stays where it is', async (_name, damage) => {
    damage();
    for (const words of [['list'], ['show', '250'], ['replay'], ['drop', '250'], ['list', '--json']]) {
      complained = '';
      expect([words, await messages(...words)]).toEqual([words, 1]);
      expect(complained).toMatch(
        /^The inbox .*inbox\.db can't be used: .+\n {2}What to do: Look at the file and its disk/,
      );
    }
    expect(printed).toBe('');
    expect(readdirSync(paths.directory).filter((name) => name.includes('damaged'))).toEqual([]);
  });

  it('because a newer wasup has written it ends with 78, and says what to do', async () => {
    const database = openDatabase(paths.inbox);
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(messages()).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringContaining('newer version of wasup') as string,
    });
  });
});

describe('words that make no sense', () => {
  beforeEach(fillInbox);

  it.each([
    ['no number', ['messages']],
    ['a number with a plus', ['messages', `+${number}`]],
    ['an action that doesn’t exist', ['messages', number, 'retry']],
    ['an id in the place of an action', ['messages', number, 'A']],
    ['a list of ids', ['messages', number, 'list', 'A']],
    ['a show of nothing', ['messages', number, 'show']],
    ['a show of two', ['messages', number, 'show', 'A', 'B']],
    ['a limit of none', ['messages', number, '--limit', '0']],
    ['a limit that is no number', ['messages', number, '--limit', 'all']],
    ['an option that doesn’t exist', ['messages', number, 'drop', '--all']],
  ])('end with 64 (%s), say what is wrong, and do nothing', async (_name, words) => {
    expect(await execute(words)).toBe(64);
    expect(printed).toBe('');
    expect(complained).toMatch(/^error: /m);
    expect(statesOf('A', 'B', 'C')).toEqual(['dead', 'dead', 'dead']);
  });
});
