import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { firstOwnId, idsPerClient } from '../../supervisor/switchboard/command-ids.js';
import type { SwitchboardLimits } from '../../supervisor/switchboard/limits.js';
import { Switchboard } from '../../supervisor/switchboard/switchboard.js';
import { commandIdGenerator } from '../../worker/whatsapp/line-transport.js';
import { FakeBrowser } from '../support/fake-browser.js';
import { FakeClient } from '../support/fake-client.js';

describe('relaying', () => {
  it('passes frames both ways unchanged, whatever their content and however they are chunked', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1 }), fc.integer({ min: 1, max: 300 }), async (texts, chunkSize) => {
        const { switchboard, browser } = rig();
        browser.answer = () => undefined;
        const client = new FakeClient();
        const idBase = switchboard.nextIdBase();
        await switchboard.connect(client.line, { idBase });

        const commands = texts.map((expression, index) => ({
          id: idBase + index,
          method: 'Runtime.evaluate',
          params: { expression },
        }));
        writeInChunks(client.end, commands, chunkSize);
        await browser.got('Runtime.evaluate', texts.length);
        expect(browser.received).toEqual(commands);

        const events = texts.map((content, index) =>
          index % 2 === 0
            ? { method: 'Runtime.consoleAPICalled', params: { content }, sessionId: 'S' }
            : { id: idBase + index, result: { content }, sessionId: 'S' },
        );
        writeInChunks(browser.pipe, events, chunkSize);
        const got = await client.got(events.length);
        expect(got).toEqual(events.map((event) => Buffer.from(JSON.stringify(event)).toString('latin1')));
        switchboard.close('The test is over.');
      }),
      { numRuns: 60 },
    );
  });

  it('takes the answers to its own commands out, and only those', async () => {
    const { switchboard, browser } = rig();
    browser.answer = ({ method }) => ({ of: method });
    const client = await connected(switchboard);
    client.send({ id: idsPerClient, method: 'Client.first' });
    await expect(switchboard.send('Browser.getVersion')).resolves.toEqual({ of: 'Browser.getVersion' });
    client.send({ id: idsPerClient + 1, method: 'Client.second' });
    expect(await client.got(2)).toEqual([
      JSON.stringify({ id: idsPerClient, result: { of: 'Client.first' } }),
      JSON.stringify({ id: idsPerClient + 1, result: { of: 'Client.second' } }),
    ]);
  });

  it('knows its own answers in any order of keys', async () => {
    const { switchboard, browser } = rig();
    browser.answer = () => undefined;
    const client = await connected(switchboard);
    const answer = switchboard.send('Browser.getVersion');
    const { id } = await browser.got('Browser.getVersion');
    browser.say({ result: { product: 'x' }, id });
    browser.say({ sessionId: 'S', params: {}, method: 'Page.loadEventFired' });
    await expect(answer).resolves.toEqual({ product: 'x' });
    expect(await client.got(1)).toEqual(['{"sessionId":"S","params":{},"method":"Page.loadEventFired"}']);
  });

  it('passes on what has neither id nor method: the answer to a frame that the browser could not read', async () => {
    const { switchboard, browser } = rig();
    const client = await connected(switchboard);
    browser.say({ error: { code: -32700, message: 'JSON: …' } });
    expect(await client.got(1)).toHaveLength(1);
  });

  it('puts its own commands between the frames of a client, never into one', async () => {
    const { switchboard, browser } = rig();
    const client = await connected(switchboard);
    client.end.write(`{"id":${idsPerClient},"method":"Client`);
    await switchboard.send('Browser.getVersion');
    client.end.write('.command"}\0');
    await browser.got('Client.command');
    expect(browser.methods).toEqual(['Browser.getVersion', 'Client.command']);
  });
});

describe('commands of the supervisor', () => {
  it('reject when the browser refuses', async () => {
    const { switchboard, browser } = rig();
    browser.answer = () => {
      throw new Error('no such thing');
    };
    await expect(switchboard.send('Foo.bar')).rejects.toThrow('Foo.bar: no such thing');
  });

  it('reject when the browser does not answer in time, and drop the answer that comes later', async () => {
    const { switchboard, browser } = rig();
    browser.answer = () => undefined;
    const client = await connected(switchboard);
    await expect(switchboard.send('Browser.getVersion', {}, { timeoutMs: 20 })).rejects.toThrow(/not answered.*20 ms/);
    browser.say({ id: browser.received[0]?.id, result: {} });
    browser.say({ method: 'Some.event' });
    expect(await client.got(1)).toEqual(['{"method":"Some.event"}']);
  });

  it('reject when the pipe closes, and at once when it is closed already', async () => {
    const { switchboard, browser } = rig();
    browser.answer = () => undefined;
    const pending = switchboard.send('Browser.close');
    browser.pipe.end();
    await expect(pending).rejects.toThrow('closed its debugging pipe');
    await expect(switchboard.send('Browser.getVersion')).rejects.toThrow('closed its debugging pipe');
  });
});

describe('swapping clients', () => {
  it('cleans up before the next is live, and drops the half frame of the last', async () => {
    const { switchboard, browser } = rig();
    const first = await connected(switchboard);
    attach(browser, 'A');
    attach(browser, 'B');
    attach(browser, 'child of A', { sessionId: 'A' });
    browser.say({ method: 'Target.detachedFromTarget', params: { sessionId: 'B' } });
    await first.got(4);
    first.end.write('{"id":1000001,"method":"Half.frame"');
    first.end.destroy();

    const second = new FakeClient();
    const idBase = switchboard.nextIdBase();
    second.send({ id: idBase, method: 'Second.early' });
    await switchboard.connect(second.line, { idBase });
    await browser.got('Second.early');
    expect(browser.received.map(({ method, params }) => [method, params])).toEqual([
      ['Target.setAutoAttach', { autoAttach: false, waitForDebuggerOnStart: false, flatten: true }],
      ['Target.setDiscoverTargets', { discover: false }],
      ['Target.detachFromTarget', { sessionId: 'A' }],
      ['Second.early', undefined],
    ]);
    expect(await second.got(1)).toEqual([JSON.stringify({ id: idBase, result: {} })]);
  });

  it('knows a session in any order of keys', async () => {
    const { switchboard, browser } = rig();
    const client = await connected(switchboard);
    browser.say({ params: { sessionId: 'A', targetInfo: {} }, method: 'Target.attachedToTarget' });
    await client.got(1);
    await switchboard.disconnect();
    expect((await browser.got('Target.detachFromTarget')).params).toEqual({ sessionId: 'A' });
  });

  it('drops events and answers that come while it cleans up', async () => {
    const { switchboard, browser } = rig();
    await connected(switchboard);
    browser.answer = ({ method }) => {
      if (method === 'Target.setAutoAttach') {
        browser.say({ method: 'Page.loadEventFired', params: {}, sessionId: 'A' });
        browser.say({ id: idsPerClient + 5, result: {}, sessionId: 'A' });
        browser.say({ method: 'Target.detachedFromTarget', params: { sessionId: 'A' } });
      }
      return {};
    };
    const second = await connected(switchboard);
    browser.say({ method: 'First.forTheSecond' });
    expect(await second.got(1)).toEqual(['{"method":"First.forTheSecond"}']);
  });

  it('never passes a late answer on, however long it is', async () => {
    const { switchboard, browser } = rig();
    await connected(switchboard);
    const second = await connected(switchboard);
    browser.say({ id: idsPerClient + 5, result: { late: 'x'.repeat(300_000) } });
    browser.say({ result: { late: true }, id: idsPerClient + 6 });
    browser.say({ method: 'Some.event' });
    expect(await second.got(1)).toEqual(['{"method":"Some.event"}']);
  });

  it('never passes the rest of a long frame on that began for the last client', async () => {
    const { switchboard, browser } = rig();
    const first = await connected(switchboard);
    const half = `{"method":"Long.event","params":{"x":"${'x'.repeat(1_000)}`;
    const came = new Promise((resolve) => first.end.once('data', resolve));
    browser.pipe.write(half);
    await came;
    browser.answer = () => undefined;
    const second = new FakeClient();
    const connecting = switchboard.connect(second.line, { idBase: switchboard.nextIdBase() });
    await browser.got('Target.setDiscoverTargets');
    browser.pipe.write('"}}\0');
    for (const { id } of browser.received) browser.say({ id, result: {} });
    await connecting;
    browser.say({ method: 'Some.event' });
    expect(await second.got(1)).toEqual(['{"method":"Some.event"}']);
  });

  it('detaches a session that the last command of the dead client opened', async () => {
    const { switchboard, browser } = rig();
    await connected(switchboard);
    browser.answer = ({ method }) => {
      if (method === 'Target.setDiscoverTargets') attach(browser, 'late');
      return {};
    };
    await switchboard.disconnect();
    expect((await browser.got('Target.detachFromTarget')).params).toEqual({ sessionId: 'late' });
  });

  it('does not mind a session that has gone by itself', async () => {
    const { switchboard, browser } = rig();
    const client = await connected(switchboard);
    attach(browser, 'A');
    await client.got(1);
    browser.answer = ({ method }) => {
      if (method === 'Target.detachFromTarget') throw new Error('No session with given id');
      return {};
    };
    await expect(switchboard.disconnect()).resolves.toBeUndefined();
  });

  it('cleans up as soon as a client has left, without being asked', async () => {
    const { switchboard, browser } = rig();
    const client = await connected(switchboard);
    client.end.end();
    await browser.got('Target.setAutoAttach');
    expect(switchboard.connected).toBe(false);
  });

  it('fails after its deadline when the browser does not answer, and can be tried again', async () => {
    const { switchboard, browser } = rig({ cleanUpTimeoutMs: 30 });
    await connected(switchboard);
    browser.answer = () => undefined;
    const second = new FakeClient();
    const idBase = switchboard.nextIdBase();
    await expect(switchboard.connect(second.line, { idBase })).rejects.toThrow('has not answered');
    expect(switchboard.connected).toBe(false);
    expect(second.line.destroyed).toBe(false);
    browser.answer = () => ({});
    await switchboard.connect(second.line, { idBase });
    expect(switchboard.connected).toBe(true);
  });

  it('lets the last of several clients win when they are connected at once', async () => {
    const { switchboard } = rig();
    const clients = [new FakeClient(), new FakeClient(), new FakeClient()];
    await Promise.all(clients.map(({ line }) => switchboard.connect(line, { idBase: switchboard.nextIdBase() })));
    expect(clients.map(({ line }) => line.destroyed)).toEqual([true, true, false]);
  });

  it('does not grow: after 200 clients it listens to the pipe as after one, and asks as much for the last', async () => {
    const { switchboard, browser } = rig();
    const listeners = (): number[] =>
      ['data', 'drain', 'error', 'close', 'end'].map((event) => browser.toBrowser.listenerCount(event));
    const asked = async (): Promise<number> => {
      browser.received.length = 0;
      const client = await connected(switchboard);
      attach(browser, `session ${Math.random()}`);
      await client.got(1);
      await switchboard.disconnect();
      return browser.received.length;
    };
    const afterOne = [await asked(), listeners()];
    for (let count = 0; count < 198; count += 1) await asked();
    expect([await asked(), listeners()]).toEqual(afterOne);
  });

  it('refuses a line that is closed', async () => {
    const { switchboard } = rig();
    const client = new FakeClient();
    client.line.destroy();
    await expect(switchboard.connect(client.line, { idBase: 1 })).rejects.toThrow('closed its line');
  });

  it('disconnects without a client, and again, without asking the browser anything', async () => {
    const { switchboard, browser } = rig();
    await switchboard.disconnect();
    await connected(switchboard);
    await switchboard.disconnect();
    const asked = browser.received.length;
    await switchboard.disconnect();
    expect(browser.received).toHaveLength(asked);
  });
});

describe('ids', () => {
  it('give every client a block of its own below those of the supervisor, and begin again safely', () => {
    const { switchboard } = rig();
    const bases = Array.from({ length: 4_000 }, () => switchboard.nextIdBase());
    expect(Math.min(...bases)).toBeGreaterThan(0);
    expect(Math.max(...bases) + idsPerClient).toBeLessThanOrEqual(firstOwnId);
    expect(bases.every((base) => base % idsPerClient === 0)).toBe(true);
    expect(new Set(bases.slice(0, 1_800)).size).toBe(1_800);
  });

  it.each([0, -1, 0.5, Number.NaN, firstOwnId - idsPerClient + 1, firstOwnId])('refuse the base %d', (idBase) => {
    const { switchboard } = rig();
    expect(() => switchboard.connect(new FakeClient().line, { idBase })).toThrow(RangeError);
  });

  it('of a worker stay in its block for ever', () => {
    const next = commandIdGenerator(5_000_000);
    const seen = Array.from({ length: idsPerClient + 2 }, next);
    expect(seen.slice(0, 2)).toEqual([5_000_000, 5_000_001]);
    expect(seen.slice(-3)).toEqual([5_000_000 + idsPerClient - 1, 5_000_000, 5_000_001]);
  });
});

describe('a client that does not read', () => {
  const limits = { maxStallMs: 100 };

  it('is cut, and the reason is told', async () => {
    const { switchboard, browser, onClientCut } = rig(limits);
    const client = await connected(switchboard, { reading: false });
    const closed = new Promise((resolve) => client.line.once('close', resolve));
    flood(browser, 3_000_000);
    await closed;
    await vi.waitFor(() => expect(onClientCut).toHaveBeenCalledOnce());
    expect(onClientCut.mock.calls[0]?.[0]).toMatch(/read nothing for 100 ms/);
    expect(switchboard.connected).toBe(false);
    await browser.got('Target.setAutoAttach');
  });

  it('holds the browser back before it fills the memory', async () => {
    const { switchboard, browser } = rig({ maxStallMs: 60_000 });
    await connected(switchboard, { reading: false });
    flood(browser, 50_000_000);
    await vi.waitFor(() => expect(browser.fromBrowser.isPaused()).toBe(true));
    expect(browser.pipe.writableLength).toBeGreaterThan(45_000_000);
    switchboard.close('The test is over.');
  });

  it('does not keep an answer from the supervisor', async () => {
    const { switchboard, browser } = rig({ maxStallMs: 60_000 });
    await connected(switchboard, { reading: false });
    flood(browser, 5_000_000);
    await vi.waitFor(() => expect(browser.fromBrowser.isPaused()).toBe(true));
    await expect(switchboard.send('Browser.getVersion')).resolves.toEqual({});
    switchboard.close('The test is over.');
  });

  it('is not cut as long as it reads at all, and gets everything', async () => {
    const { switchboard, browser, onClientCut } = rig({ maxStallMs: 400 });
    const client = await connected(switchboard, { reading: false });
    const size = 5_000_000;
    flood(browser, size);
    let bytes = 0;
    // One gulp each 20 ms, far below what the browser offers: slower than a stall in all, but never stalled.
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        for (let count = 0; count < 3; count += 1) bytes += (client.end.read() as Buffer | null)?.length ?? 0;
        if (bytes >= size) {
          clearInterval(timer);
          resolve();
        }
      }, 20);
    });
    expect(onClientCut).not.toHaveBeenCalled();
    switchboard.close('The test is over.');
  });
});

describe('a browser that does not read', () => {
  it('holds the client back, and gets everything in order when it goes on', async () => {
    const { switchboard, browser } = rig();
    browser.answer = () => undefined;
    const client = await connected(switchboard);
    browser.pipe.pause();
    const count = 2_000;
    for (let id = idsPerClient; id < idsPerClient + count; id += 1) {
      client.send({ id, method: 'Client.command', params: { padding: 'x'.repeat(1_000) } });
    }
    await vi.waitFor(() => expect(client.line.isPaused()).toBe(true));
    expect(browser.toBrowser.writableLength).toBeLessThan(500_000);
    browser.pipe.resume();
    await browser.got('Client.command', count);
    expect(browser.received.map(({ id }) => id)).toEqual(
      Array.from({ length: count }, (_, index) => idsPerClient + index),
    );
  });
});

describe('a client that sends a frame of more than the browser survives', () => {
  it('is cut before any of it reaches the browser', async () => {
    const { switchboard, browser, onClientCut } = rig({ maxFrameBytes: 10_000 });
    const client = await connected(switchboard);
    client.end.write(`{"id":1,"method":"Huge.command","params":"${'x'.repeat(20_000)}"}\0`);
    await vi.waitFor(() => expect(onClientCut).toHaveBeenCalledOnce());
    await switchboard.send('Browser.getVersion');
    expect(browser.methods).not.toContain('Huge.command');
  });

  it('is not cut for many frames that are long together', async () => {
    const { switchboard, browser, onClientCut } = rig({ maxFrameBytes: 10_000 });
    const client = await connected(switchboard);
    const frame = `{"id":1000000,"method":"Some.command","params":{"x":"${'x'.repeat(5_000)}"}}\0`;
    client.end.write(frame.repeat(20));
    await browser.got('Some.command', 20);
    expect(onClientCut).not.toHaveBeenCalled();
  });
});

describe('the end', () => {
  it('of the pipe is told once and closes the line', async () => {
    const { switchboard, browser, onClosed } = rig();
    const client = await connected(switchboard);
    const lineClosed = new Promise((resolve) => client.line.once('close', resolve));
    browser.pipe.end();
    await lineClosed;
    switchboard.close('again');
    expect(onClosed.mock.calls).toEqual([['Chromium has closed its debugging pipe.']]);
    await expect(switchboard.connect(new FakeClient().line, { idBase: 1 })).rejects.toThrow(
      'closed its debugging pipe',
    );
    await expect(switchboard.disconnect()).rejects.toThrow('closed its debugging pipe');
  });

  it.each(['toBrowser', 'fromBrowser'] as const)('by an error of %s is an end like any other', async (stream) => {
    const { switchboard, browser, onClosed } = rig();
    const client = await connected(switchboard);
    browser[stream].destroy(new Error('EPIPE'));
    await vi.waitFor(() => expect(onClosed).toHaveBeenCalledOnce());
    expect(onClosed.mock.calls[0]?.[0]).toContain('EPIPE');
    expect(client.line.destroyed).toBe(true);
    expect(switchboard.connected).toBe(false);
  });

  it('by an error of the line is the end of the client only', async () => {
    const { switchboard, browser, onClosed } = rig();
    const client = await connected(switchboard);
    client.line.destroy(new Error('ECONNRESET'));
    await browser.got('Target.setAutoAttach');
    expect(switchboard.connected).toBe(false);
    expect(onClosed).not.toHaveBeenCalled();
    await connected(switchboard);
  });
});

function rig(limits: Partial<SwitchboardLimits> = {}) {
  const browser = new FakeBrowser();
  const onClosed = vi.fn<(reason: string) => void>();
  const onClientCut = vi.fn<(reason: string) => void>();
  const { toBrowser, fromBrowser } = browser;
  const switchboard = new Switchboard({ toBrowser, fromBrowser, onClosed, onClientCut, limits });
  return { browser, switchboard, onClosed, onClientCut };
}

/** The first one gets the block that begins at `idsPerClient`. */
async function connected(switchboard: Switchboard, { reading = true } = {}): Promise<FakeClient> {
  const client = new FakeClient({ reading });
  await switchboard.connect(client.line, { idBase: switchboard.nextIdBase() });
  return client;
}

function attach(browser: FakeBrowser, sessionId: string, parent: { sessionId?: string } = {}): void {
  browser.say({
    method: 'Target.attachedToTarget',
    params: { sessionId, targetInfo: {}, waitingForDebugger: false },
    ...parent,
  });
}

function flood(browser: FakeBrowser, bytes: number): void {
  const event = Buffer.from(`${JSON.stringify({ method: 'Flood.event', params: { padding: 'x'.repeat(10_000) } })}\0`);
  for (let written = 0; written < bytes; written += event.length) browser.pipe.write(event);
}

function writeInChunks(stream: NodeJS.WritableStream, messages: readonly object[], chunkSize: number): void {
  const bytes = Buffer.from(messages.map((message) => `${JSON.stringify(message)}\0`).join(''));
  for (let start = 0; start < bytes.length; start += chunkSize) stream.write(bytes.subarray(start, start + chunkSize));
}
