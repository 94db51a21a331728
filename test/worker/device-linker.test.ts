import { EventEmitter } from 'node:events';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { DeviceLinker } from '../../worker/device-linker.js';
import type { SessionContext } from '../../worker/session-context.js';
import type { SessionRecords } from '../../worker/session-records.js';
import type { AttachedClient } from '../../worker/whatsapp/attached-client.js';
import type { BroughtUp } from '../../worker/whatsapp/bring-up.js';
import { WorkerFailure } from '../../worker/worker-failure.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a pairing code', () => {
  it('is given up with WhatsApp, after three minutes, and a person is asked to start again', async () => {
    const link = new FakeLink();
    await link.showsCode();
    await vi.advanceTimersByTimeAsync(179_000);
    expect(link.failures).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(link.failures).toMatchObject([{ class: 'TERMINAL', userAction: expect.any(String) as string }]);
  });

  it('is asked for once in a page, and once more in the page that takes its place', async () => {
    const link = new FakeLink();
    await link.showsCode();
    await link.showsCode({ inNewPage: false });
    expect(link.asked).toBe(1);
    await vi.advanceTimersByTimeAsync(100_000);
    await link.showsCode();
    expect(link.asked).toBe(2);
    // The first one's time is over, the second one's isn't.
    await vi.advanceTimersByTimeAsync(100_000);
    expect(link.failures).toEqual([]);
  });

  it('that a reload cuts off is not one that WhatsApp refuses', async () => {
    const link = new FakeLink();
    link.answer = () => Promise.reject(new Error('Execution context was destroyed.'));
    await link.showsCode();
    expect(link.failures).toEqual([]);
    link.answer = () => Promise.reject(new Error('rate-overlimit'));
    await link.showsCode();
    expect(link.failures).toMatchObject([{ class: 'TERMINAL' }]);
  });
});

class FakeLink {
  readonly failures: WorkerFailure[] = [];
  asked = 0;
  answer = (): Promise<string> => Promise.resolve('ABCD1234');
  readonly #client = Object.assign(new EventEmitter(), {
    requestPairingCode: () => {
      this.asked += 1;
      return this.answer();
    },
  });
  readonly #linker: DeviceLinker;

  constructor() {
    const context = {
      assignment: { account: '12025550100', authMethod: 'code', incarnation: 1, browser: { pid: 2 } },
      output: { banner: () => undefined },
      supervisor: { send: () => Promise.resolve() },
    };
    this.#linker = new DeviceLinker(
      context as unknown as SessionContext,
      { update: () => Promise.resolve() } as unknown as SessionRecords,
      (failure) => this.failures.push(failure),
    );
    const client = this.#client as unknown as AttachedClient;
    void this.#linker.run(client, () => new Promise<BroughtUp>(() => undefined));
  }

  /** WhatsApp says that the page isn't linked, and offers a first QR code, as it does whatever the method. */
  async showsCode({ inNewPage = true } = {}): Promise<void> {
    if (inNewPage) this.#linker.onUnpaired();
    this.#client.emit('qr', 'a code for a scanner');
    await vi.advanceTimersByTimeAsync(0);
  }
}
