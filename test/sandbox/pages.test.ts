import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { Pages } from '../../sandbox/pages.js';
import { Changes, WaitTimeout } from '../../sandbox/wait.js';

let pages: Pages;

beforeEach(() => {
  vi.useFakeTimers();
  pages = new Pages(new Changes());
});

afterEach(() => vi.useRealTimers());

/** A page that does what `onAction` says when it is told something. */
function enter(id: string, onAction: (page: EventEmitter, action: unknown) => unknown = () => undefined): void {
  const page: EventEmitter = Object.assign(new EventEmitter(), {
    send: (text: string) => onAction(page, JSON.parse(text)),
    close: () => page.emit('close'),
  });
  pages.enter(id, page as unknown as WebSocket);
}

const say = (page: EventEmitter, frame: unknown): boolean => page.emit('message', Buffer.from(JSON.stringify(frame)));

test('without a page there is nothing to freeze or to crash, and no timer stays behind', async () => {
  await expect(pages.freeze(undefined)).rejects.toThrow('Start its browser first');
  await expect(pages.crash('gone')).rejects.toThrow('Start its browser first');
  expect(vi.getTimerCount()).toBe(0);
});

test('a page that begins to freeze in time is frozen, each time anew', async () => {
  let heeds = true;
  enter('a', (page) => heeds && say(page, { type: 'freezing' }));
  await pages.freeze('a', 10);
  heeds = false;
  const second = expect(pages.freeze('a', 10)).rejects.toThrow(WaitTimeout);
  await vi.advanceTimersByTimeAsync(60_000);
  await second;
});

test('what a page has done is done, and what it has not done in time is an error that says so', async () => {
  enter('a', (page, action) => {
    const { action: name, id } = action as { action: string; id: number };
    if (name === 'deafen') say(page, { type: 'done', id });
  });
  await pages.perform('a', 'deafen');
  const undone = expect(pages.perform('a', 'dance')).rejects.toThrow('Waited 60000 ms for the page to dance');
  await vi.advanceTimersByTimeAsync(60_000);
  await undone;
});

test('a page that is asked for a number gives it to who has asked', async () => {
  enter('a', (page, action) => {
    const { id } = action as { id: number };
    say(page, { type: 'done', id, result: 20 + id });
  });
  expect(await pages.perform('a', 'count-listeners')).toBe(21);
  expect(await pages.perform('a', 'count-listeners')).toBe(22);
});

test('a page that does not begin to freeze in time is an error that says so', async () => {
  enter('a');
  const frozen = expect(pages.freeze('a')).rejects.toThrow('Waited 60000 ms for the page to begin to freeze');
  await vi.advanceTimersByTimeAsync(60_000);
  await frozen;
});

test('a page that goes when it is told to crash has crashed', async () => {
  enter('a', (page) => page.emit('close'));
  await pages.crash('a');
});

test('a page that does not crash in time is an error that says so', async () => {
  enter('a');
  const crashed = expect(pages.crash('a')).rejects.toThrow('Waited 60000 ms for the page to be gone');
  await vi.advanceTimersByTimeAsync(60_000);
  await crashed;
});
