import { EventEmitter } from 'node:events';

import { pino } from 'pino';
import { expect, it } from 'vitest';

import { maxTextBytes } from '../../shared/bounded-text.js';
import { protocolVersion } from '../../shared/protocol/messages.js';
import { type IpcChannel, SupervisorConnection } from '../../worker/supervisor-connection.js';
import { takeIpcChannel } from '../../worker/take-ipc-channel.js';

const assignment = {
  type: 'assign',
  version: protocolVersion,
  incarnation: 1,
  account: '12025550100',
  mode: 'restore',
  rung: 'warm',
  authMethod: 'qr',
  attempt: 1,
  maxAttempts: 3,
  sessionDirectory: '/sessions/session-12025550100',
  browser: { pid: 2, idBase: 1_000_000 },
  deadlines: {
    heartbeatIntervalMs: 1,
    heartbeatTimeoutMs: 3,
    pageLoadTimeoutMs: 1,
    authTimeoutMs: 1,
    syncTimeoutMs: 1,
    probeIntervalMs: 1,
    probeTimeoutMs: 1,
    transportReconnectMs: 1,
    transportReloadMs: 2,
    transportRestartMs: 3,
    catchUpTimeoutMs: 1,
  },
  handling: {
    attempts: 1,
    timeoutMs: 1,
    waitMs: 100,
    retryDelayMs: 1,
    concurrency: 1,
    retentionMs: 1,
    inboxMaxMb: 1,
    maxAgeMs: 1,
    maxMessages: 1,
  },
};

it('hears an assignment that comes before the hello is known to have been sent', async () => {
  const channel = new FakeChannel();
  const supervisor = new SupervisorConnection(pino({ level: 'silent' }), channel as unknown as IpcChannel);
  await supervisor.send({ type: 'hello', version: protocolVersion, pid: 1, bot: 'bot.js', pageHalf: '' });
  expect(await supervisor.assignment).toEqual(assignment);
});

it('waits for nobody when the supervisor is gone', async () => {
  const channel = new FakeChannel();
  const supervisor = new SupervisorConnection(pino({ level: 'silent' }), channel as unknown as IpcChannel);
  const gone = new Promise<void>((resolve) => supervisor.once('gone', resolve));
  channel.connected = false;
  channel.emit('disconnect');
  await gone;
  await supervisor.send({ type: 'hello', version: protocolVersion, pid: 1, bot: 'bot.js', pageHalf: '' });
  expect(channel.sent).toBe(0);
});

it('cuts what it says to what may go over the border', async () => {
  const channel = new FakeChannel();
  const supervisor = new SupervisorConnection(pino({ level: 'silent' }), channel as unknown as IpcChannel);
  const reason = 'z'.repeat(3_000_000);
  await supervisor.send({ type: 'failure', incarnation: 1, class: 'BUG', reason, userAction: null });
  expect(Buffer.byteLength(JSON.stringify(channel.last))).toBeLessThan(maxTextBytes + 200);
  expect(channel.last).toMatchObject({ reason: expect.stringMatching(/^z+… \(\d+ more bytes\)$/) as string });
});

it('is alone on the channel: a bot finds none', () => {
  const sent: unknown[] = [];
  const holder = Object.assign(new EventEmitter(), {
    connected: true,
    send: (message: unknown) => sent.push(message),
    disconnect: () => undefined,
  });
  const channel = takeIpcChannel(holder as unknown as NodeJS.Process);
  expect(holder).not.toHaveProperty('send');
  // Node calls it when the parent has gone.
  expect(holder).toHaveProperty('disconnect');
  channel?.send?.('word');
  expect(sent).toEqual(['word']);
  holder.connected = false;
  expect(channel?.connected).toBe(false);
  expect(takeIpcChannel(new EventEmitter() as NodeJS.Process)).toBeUndefined();
});

/** A supervisor that answers before the channel says that the question is out. */
class FakeChannel extends EventEmitter {
  connected = true;
  sent = 0;
  last: unknown;

  send(message: unknown, _handle: undefined, _options: undefined, sent: () => void): void {
    this.sent += 1;
    this.last = message;
    this.emit('message', assignment);
    setImmediate(sent);
  }
}
