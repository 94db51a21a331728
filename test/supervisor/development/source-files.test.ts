import { describe, expect, it } from 'vitest';

import { isOffLimits, isSource, type SourceFolder } from '../../../supervisor/development/source-files.js';

const folders: SourceFolder[] = [
  { path: '/dist/sessions/wasup/worker', isDeep: true },
  { path: '/home/me/my-bot', isDeep: true },
  { path: '/top', isDeep: false },
];

describe('a source', () => {
  it.each([
    '/home/me/my-bot/bot.js',
    '/home/me/my-bot/bot.mts',
    '/home/me/my-bot/lib/deep/words.json',
    '/top/my-bot.cjs',
    // The folders that lead to the one that was asked for are called as they like.
    '/dist/sessions/wasup/worker/session.ts',
  ])('%s', (file) => expect(isSource(file, folders)).toBe(true));
});

describe('not a source', () => {
  it.each([
    ['kept by an editor', '/home/me/my-bot/bot.js~'],
    ['kept by an editor', '/home/me/my-bot/.bot.js.swp'],
    ['kept by an editor', '/home/me/my-bot/.#bot.js'],
    ['kept by an editor', '/home/me/my-bot/#bot.js#'],
    ['kept by an editor', '/home/me/my-bot/bot.js___jb_tmp___'],
    ['kept by an editor', '/home/me/my-bot/4913'],
    ['kept by a tool', '/home/me/my-bot/bot.js.tmp'],
    ['not loaded by Node', '/home/me/my-bot/README.md'],
    ['in a folder with a dot', '/home/me/my-bot/.git/hooks/x.js'],
    ['of a package', '/home/me/my-bot/node_modules/a/index.js'],
    ['of a session', '/home/me/my-bot/sessions/session-1/device-status.json'],
    ['built', '/home/me/my-bot/dist/bot.js'],
    ['somewhere else', '/home/me/other/bot.js'],
    ['beside a folder whose name begins the same', '/home/me/my-bot-2/bot.js'],
    ['below a folder of which only the files count', '/top/lib/words.js'],
  ])('%s: %s', (_why, file) => expect(isSource(file, folders)).toBe(false));
});

it('what can hold no source is not looked at, and what can is', () => {
  expect(isOffLimits('/home/me/my-bot/node_modules', folders)).toBe(true);
  expect(isOffLimits('/home/me/my-bot/sessions', folders)).toBe(true);
  expect(isOffLimits('/top/lib/deep', folders)).toBe(true);
  expect(isOffLimits('/home/me/my-bot', folders)).toBe(false);
  expect(isOffLimits('/home/me/my-bot/lib', folders)).toBe(false);
  expect(isOffLimits('/dist/sessions/wasup/worker', folders)).toBe(false);
});

it('a folder within another is watched for both', () => {
  const nested = [
    { path: '/wasup', isDeep: false },
    { path: '/wasup/bot', isDeep: true },
  ];
  expect(isOffLimits('/wasup/bot', nested)).toBe(false);
  expect(isSource('/wasup/bot/lib/words.js', nested)).toBe(true);
  expect(isSource('/wasup/test/words.js', nested)).toBe(false);
});

it('the folder of the sessions is off limits wherever it lies, also beside the bot', () => {
  const folders = [{ path: '/srv/bot', isDeep: true }];
  expect(isOffLimits('/srv/bot/data', folders, '/srv/bot/data')).toBe(true);
  expect(isOffLimits('/srv/bot/data/session-1/device-status.json', folders, '/srv/bot/data')).toBe(true);
  expect(isOffLimits('/srv/bot/database.js', folders, '/srv/bot/data')).toBe(false);
});
