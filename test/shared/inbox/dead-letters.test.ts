import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { DeadLetters } from '../../../shared/inbox/dead-letters.js';
import { Inbox } from '../../../shared/inbox/inbox.js';

const now = 1_790_000_000_000;
let folder: string;
let path: string;
let inbox: Inbox;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasup-dead-letters-'));
  path = join(folder, 'inbox.db');
  inbox = openInbox();
  for (const [index, id] of ['A', 'B', 'C'].entries()) {
    inbox.add({ id, chat: 'chat', t: 100 + index, raw: `{"body":"${id}"}` });
    const message = inbox.get(id);
    if (message === undefined) throw new Error(`no ${id}`);
    inbox.update({ ...message, state: 'dead', attempts: 3, deaths: 1, error: `${id} has failed`, settledAt: now });
  }
});
afterEach(() => {
  inbox.close();
  rmSync(folder, { recursive: true, force: true });
});

function openInbox(): Inbox {
  const options = { onTrouble: () => undefined, onSaved: () => undefined, onRebuilt: () => undefined };
  return new Inbox({ path, now: () => now, ...options });
}

/** As another process does. */
function withLetters<Result>(work: (letters: DeadLetters) => Result): Result {
  const letters = DeadLetters.open(path);
  if (letters === undefined) throw new Error('there is no inbox');
  try {
    return work(letters);
  } finally {
    letters.close();
  }
}

test('what is replayed before the worker has looked for the first time is noticed, too', () => {
  expect(withLetters((letters) => letters.replay(['B']))).toBe(1);
  expect(inbox.hasChangedOutside()).toBe(true);
  expect(inbox.hasChangedOutside()).toBe(false);
});

test('what is replayed while no worker has the inbox open is what the next one begins with', () => {
  inbox.close();
  withLetters((letters) => letters.replay(['C', 'A']));
  inbox = openInbox();
  expect(inbox.head('chat')).toMatchObject({ id: 'A', deaths: 0, nextAt: null });
  expect(inbox.counts()).toEqual({ waiting: 2, running: 0, dead: 1 });
});

test('a replayed message keeps its place in its chat, and what it has failed with', () => {
  inbox.add({ id: 'D', chat: 'chat', t: 200, raw: '{}' });
  withLetters((letters) => letters.replay());
  expect(inbox.head('chat')).toMatchObject({ id: 'A' });
  expect(inbox.get('A')).toMatchObject({ attempts: 0, error: 'A has failed' });
});

test('a message that is replayed twice, or after it was dropped, is changed once', () => {
  expect(withLetters((letters) => [letters.replay(['A', 'A']), letters.replay(['A']), letters.drop(['A'])])).toEqual([
    1, 0, 0,
  ]);
  expect(withLetters((letters) => [letters.drop(['B']), letters.replay(['B'])])).toEqual([1, 0]);
  expect(inbox.get('B')).toMatchObject({ state: 'done', raw: null });
});

test('no ids at all are not all of them', () => {
  expect(withLetters((letters) => [letters.replay([]), letters.drop([])])).toEqual([0, 0]);
  expect(inbox.counts().dead).toBe(3);
});

test('ids are compared as they are', () => {
  const strange = ['%', "' OR 1=1 --", 'a', '[]', ''];
  expect(withLetters((letters) => [letters.replay(strange), letters.drop(strange)])).toEqual([0, 0]);
  expect(withLetters((letters) => strange.map((id) => letters.get(id)))).toEqual(strange.map(() => undefined));
});

const anna = ['111111111111111@lid', '15551230001@c.us'] as const;
const group = '120363041234567890@g.us';

describe.each<[string, string, string]>([
  ['number', anna[1], anna[0]],
  ['lid', anna[0], anna[1]],
])('a dead letter that was told of under the %s', (_name, known, asked) => {
  const idOf = (address: string): string => `false_${address}_3EB0A`;
  const inGroup = (address: string): string => `false_${group}_3EB0B_${address}`;

  beforeEach(() => {
    for (const [id, chat] of [
      [idOf(known), known],
      [inGroup(known), group],
    ] as const) {
      inbox.add({ id, chat, t: 300, raw: '{}' });
      const message = inbox.get(id);
      if (message !== undefined)
        inbox.update({ ...message, state: 'dead', attempts: 3, error: 'failed', settledAt: now });
    }
    inbox.keepAddresses(new Map([anna]));
  });

  test('is found, replayed and dropped under the other address, too, also as a member of a group', () => {
    expect(withLetters((letters) => letters.get(idOf(asked))?.id)).toBe(idOf(known));
    expect(withLetters((letters) => letters.replay([idOf(asked), inGroup(asked)]))).toBe(2);
    expect([idOf(known), inGroup(known)].map((id) => inbox.get(id)?.state)).toEqual(['waiting', 'waiting']);
    inbox.update({ ...(inbox.get(inGroup(known)) ?? expect.unreachable('it is there')), state: 'dead' });
    expect(withLetters((letters) => letters.drop([inGroup(asked)]))).toBe(1);
    expect(inbox.get(inGroup(known))).toMatchObject({ state: 'done', raw: null });
  });

  test('is changed once where both ids are given', () => {
    expect(withLetters((letters) => letters.replay([idOf(asked), idOf(known)]))).toBe(1);
  });

  test('is listed in the chat that the person has under the number', () => {
    const listed = withLetters((letters) => letters.list(10).map(({ id, chat }) => [id, chat]));
    expect(listed).toContainEqual([idOf(known), anna[1]]);
    expect(listed).toContainEqual([inGroup(known), group]);
    expect(withLetters((letters) => letters.get(idOf(asked))?.chat)).toBe(anna[1]);
  });

  test('is nobody else’s', () => {
    const other = '15559999999@c.us';
    expect(withLetters((letters) => letters.get(idOf(other)))).toBeUndefined();
    expect(withLetters((letters) => letters.replay([idOf(other), inGroup(other)]))).toBe(0);
  });
});
