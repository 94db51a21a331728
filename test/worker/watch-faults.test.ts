import { EventEmitter } from 'node:events';

import { beforeEach, expect, test } from 'vitest';

import { watchFaults } from '../../worker/watch-faults.js';

let process: EventEmitter;
let failures: unknown[];
let words: string[];

beforeEach(() => {
  process = new EventEmitter();
  failures = [];
  words = [];
  watchFaults({ fail: (thrown) => failures.push(thrown), onTaken: (text) => words.push(text), process });
});

const error = new Error('the API is down');

test.each(['uncaughtException', 'unhandledRejection'])('an error nobody has caught (%s) ends the worker', (event) => {
  process.emit(event, error);
  expect(failures).toEqual([error]);
});

test.each([
  ['uncaughtException', 'uncaughtException'],
  ['unhandledRejection', 'unhandledRejection'],
  // As in Node: without a handler of their own, rejections go to the one for exceptions.
  ['unhandledRejection', 'uncaughtException'],
])('%s is left to the bot’s own handler of %s', (event, handled) => {
  const taken: unknown[] = [];
  process.on(handled, (thrown) => taken.push(thrown));
  process.emit(event, error);
  expect([failures, taken]).toEqual([[], [error]]);
  expect(words).toEqual([expect.stringContaining('the API is down')]);
});

test('an exception is none of a handler’s for rejections', () => {
  process.on('unhandledRejection', () => undefined);
  process.emit('uncaughtException', error);
  expect(failures).toEqual([error]);
});

test('a handler that the bot takes back decides nothing any more', () => {
  const handler = (): void => undefined;
  process.on('uncaughtException', handler);
  process.off('uncaughtException', handler);
  process.emit('uncaughtException', error);
  expect(failures).toEqual([error]);
});

test('what a handler takes for months is told seldom', () => {
  process.on('unhandledRejection', () => undefined);
  for (let n = 0; n < 5_000; n += 1) process.emit('unhandledRejection', error);
  expect(words).toHaveLength(4);
  expect(words[3]).toContain('It is the 1000th.');
});
