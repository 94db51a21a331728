import { setImmediate } from 'node:timers/promises';

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

import { idsPerClient } from '../../supervisor/switchboard/command-ids.js';
import type { SwitchboardLimits } from '../../supervisor/switchboard/limits.js';
import { QueueRoom } from '../../supervisor/switchboard/queue-room.js';
import { Switchboard } from '../../supervisor/switchboard/switchboard.js';
import { FakeBrowser } from '../support/fake-browser.js';
import { FakeClient } from '../support/fake-client.js';

const maxCollectedBytes = 100;

/** What a client does: sends a part of what it has to say, lets the supervisor ask something, or dies. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), bytes: fc.integer({ min: 1, max: 400 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ask' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const) }) },
);
const lengths = fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 3, maxLength: 12 });

describe('a frame of any length', () => {
  it('reaches the browser whole or not at all, with the supervisor’s commands between frames, whenever a client dies', async () => {
    await fc.assert(
      fc.asyncProperty(lengths, fc.array(step, { minLength: 1, maxLength: 40 }), async (sizes, steps) => {
        const { switchboard, browser, unreadable } = rig();
        const sent: object[] = [];
        const asked: Promise<unknown>[] = [];
        let client: Sender | undefined;
        for (const next of steps) {
          if (client === undefined) {
            const idBase = switchboard.nextIdBase();
            client = new Sender(idBase, sizes);
            await switchboard.connect(client.line, { idBase });
          }
          if (next.do === 'send') client.sendSome(next.bytes);
          else if (next.do === 'ask') asked.push(switchboard.send('Browser.getVersion'));
          else {
            await settle();
            sent.push(...client.whole);
            client.end.destroy();
            client = undefined;
            await settle();
          }
          await settle();
        }
        client?.sendRest();
        sent.push(...(client?.all ?? []));
        await Promise.all(asked);
        await vi.waitFor(() => expect(ofClients(browser)).toHaveLength(sent.length), { interval: 1 });
        expect(ofClients(browser)).toEqual(sent);
        // Half a frame is ended for the browser, which can't read it.
        for (const text of unreadable()) expect(() => JSON.parse(text) as unknown).toThrow();
        switchboard.close('The test is over.');
      }),
      { numRuns: 30 },
    );
  });

  it('passes as it comes, and the supervisor keeps no more of it than it may collect', async () => {
    const { switchboard, browser } = rig();
    const client = await connected(switchboard);
    let bytes = 0;
    browser.pipe.on('data', (chunk: Buffer) => (bytes += chunk.length));
    client.end.write(`{"id":${idsPerClient},"method":"Long.command","params":{"x":"${'x'.repeat(5_000)}`);
    await vi.waitFor(() => expect(bytes).toBeGreaterThan(5_000 - maxCollectedBytes));
    client.end.write('"}}\0');
    expect((await browser.got('Long.command')).params).toEqual({ x: 'x'.repeat(5_000) });
  });

  it('that doesn’t go on is ended with its client, and the supervisor is heard', async () => {
    const { switchboard, browser, onClientCut } = rig({ maxStallMs: 50 });
    const client = await connected(switchboard);
    client.end.write(`{"id":${idsPerClient},"method":"Long.command","params":{"x":"${'x'.repeat(5_000)}`);
    await settle();
    await expect(switchboard.send('Browser.getVersion', {}, { timeoutMs: 20 })).resolves.toEqual({});
    expect(onClientCut.mock.calls).toEqual([['it has sent nothing for 50 ms in the middle of a frame']]);
    expect(browser.methods).not.toContain('Long.command');
  });

  it('is cut off at the length that the browser doesn’t survive, also when it has begun to pass', async () => {
    const { switchboard, browser, onClientCut } = rig({ maxFrameBytes: 10_000 });
    let longest = 0;
    let length = 0;
    browser.pipe.on('data', (chunk: Buffer) => {
      for (const byte of chunk) longest = Math.max(longest, (length = byte === 0 ? 0 : length + 1));
    });
    const client = await connected(switchboard);
    for (let count = 0; count < 20; count += 1) {
      client.end.write(`${count === 0 ? `{"id":1,"method":"Huge.command","params":"` : ''}${'x'.repeat(1_000)}`);
      await settle();
    }
    await vi.waitFor(() => expect(onClientCut).toHaveBeenCalledOnce());
    await switchboard.send('Browser.getVersion');
    expect(longest).toBeLessThanOrEqual(10_000);
    expect(browser.methods).not.toContain('Huge.command');
  });
});

describe('what waits for clients that don’t read', () => {
  it('is bounded for all accounts together, and gives the room back when a client goes', async () => {
    const room = new QueueRoom(3_000_000);
    const rigs = Array.from({ length: 4 }, () => rig({ maxStallMs: 60_000 }, room));
    for (const { switchboard, browser } of rigs) {
      await connected(switchboard, { reading: false });
      flood(browser, 5_000_000);
    }
    await vi.waitFor(() => expect(rigs.every(({ browser }) => browser.fromBrowser.isPaused())).toBe(true));
    // Each asks, which is answered behind the flood: what the room has is read for it, and no more.
    const answers = rigs.map(({ switchboard }) => switchboard.send('Browser.getVersion', {}, { timeoutMs: 100 }));
    for (const answer of answers) answer.catch(() => undefined);
    for (let turn = 0; turn < 50; turn += 1) await settle();
    const unread = rigs.map(({ browser }) => browser.pipe.writableLength);
    const read = 4 * 5_000_000 - unread.reduce((sum, bytes) => sum + bytes, 0);
    expect(room.isFree).toBe(false);
    // A megabyte for each, the room, and what is on its way in the streams.
    expect(read).toBeLessThan(4 * 1_200_000 + 3_000_000);
    for (const { switchboard } of rigs) switchboard.close('The test is over.');
    await Promise.allSettled(answers);
    expect(room.isFree).toBe(true);
  });

  it('is no silence of the browser: its answer is waited for until it can have been read', async () => {
    const { switchboard, browser } = rig({ maxStallMs: 60_000 }, new QueueRoom(0));
    const client = await connected(switchboard, { reading: false });
    flood(browser, 3_000_000);
    await vi.waitFor(() => expect(browser.fromBrowser.isPaused()).toBe(true));
    const answer = switchboard.send('Browser.getVersion', {}, { timeoutMs: 20 });
    const early = vi.fn();
    answer.then(early, early);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(early).not.toHaveBeenCalled();
    client.read();
    await expect(answer).resolves.toEqual({});
    switchboard.close('The test is over.');
  });
});

/** A client with commands of these lengths, one after another. */
class Sender extends FakeClient {
  readonly all: readonly object[];
  readonly #bytes: Buffer;
  #written = 0;

  constructor(idBase: number, sizes: readonly number[]) {
    super();
    this.all = sizes.map((size, index) => ({
      id: idBase + index,
      method: 'Client.command',
      params: { x: 'ä'.repeat(size / 2) },
    }));
    this.#bytes = Buffer.from(this.all.map((command) => `${JSON.stringify(command)}\0`).join(''));
  }

  sendSome(bytes: number): void {
    this.end.write(this.#bytes.subarray(this.#written, this.#written + bytes));
    this.#written = Math.min(this.#bytes.length, this.#written + bytes);
  }

  sendRest(): void {
    if (this.#written < this.#bytes.length) this.sendSome(this.#bytes.length);
  }

  /** Those whose end has been sent. */
  get whole(): readonly object[] {
    const ends = this.#bytes.subarray(0, this.#written).filter((byte) => byte === 0).length;
    return this.all.slice(0, ends);
  }
}

function rig(limits: Partial<SwitchboardLimits> = {}, room = new QueueRoom(10_000_000)) {
  const browser = new FakeBrowser();
  const onClientCut = vi.fn<(reason: string) => void>();
  const { toBrowser, fromBrowser } = browser;
  const all = { maxCollectedBytes, ...limits };
  const switchboard = new Switchboard({
    toBrowser,
    fromBrowser,
    onClosed: () => undefined,
    onClientCut,
    limits: all,
    room,
  });
  let text = '';
  browser.pipe.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  const unreadable = (): string[] =>
    text
      .split('\0')
      .slice(0, -1)
      .filter((frame) => !frame.endsWith('}'));
  return { browser, switchboard, onClientCut, unreadable };
}

async function connected(switchboard: Switchboard, { reading = true } = {}): Promise<FakeClient> {
  const client = new FakeClient({ reading });
  await switchboard.connect(client.line, { idBase: switchboard.nextIdBase() });
  return client;
}

function ofClients(browser: FakeBrowser): object[] {
  return browser.received.filter(({ method }) => method === 'Client.command');
}

function flood(browser: FakeBrowser, bytes: number): void {
  const event = Buffer.from(`${JSON.stringify({ method: 'Flood.event', params: { padding: 'x'.repeat(10_000) } })}\0`);
  for (let written = 0; written < bytes; written += event.length) browser.pipe.write(event);
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await setImmediate();
}
