import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { DeviceStatus } from '../../shared/device-status.js';
import { sessionPathsIn } from '../../shared/paths.js';
import type { WorkerMessage } from '../../shared/protocol/messages.js';
import type { SessionHistoryEntryInput } from '../../shared/session-history.js';
import { DeviceLinker } from '../../worker/device-linker.js';
import type { SessionContext } from '../../worker/session-context.js';
import type { SessionRecords } from '../../worker/session-records.js';
import type { AttachedClient } from '../../worker/whatsapp/attached-client.js';
import type { BroughtUp } from '../../worker/whatsapp/bring-up.js';
import type { LinkingPage } from '../../worker/whatsapp/linking-page.js';
import type { PageState } from '../../worker/whatsapp/page-state.js';
import type { WorkerFailure } from '../../worker/worker-failure.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasup-linker-'));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

describe('a pairing code', () => {
  it('is given up with WhatsApp, after three minutes, and a person is told how to ask again', async () => {
    const link = new FakeLink('code');
    await link.opensPage();
    await link.showsPairingCode(1);
    await vi.advanceTimersByTimeAsync(179_000);
    expect(link.failures).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(link.failures).toMatchObject([
      { class: 'TERMINAL', userAction: expect.stringContaining('npx wasup link 12025550100') as string },
    ]);
  });

  it('is asked for once, however many QR codes WhatsApp hands out meanwhile, and none of these is shown', async () => {
    const link = new FakeLink('code');
    await link.opensPage();
    await link.showsPairingCode(1);
    for (let code = 0; code < 5; code += 1) link.handsOutQr();
    link.looks('UNPAIRED_IDLE');
    expect(link.asked).toBe(1);
    expect(link.said('qr')).toEqual([]);
    expect(link.moreAsked).toBe(0);
  });

  it('is void when the page reloads: the QR code is shown, with the reason, and no other code is asked for', async () => {
    const link = new FakeLink('code');
    await link.opensPage();
    await link.showsPairingCode(1);
    await link.opensPage();
    expect(link.said('qr')).toHaveLength(1);
    expect(link.status.reason).toContain('pairing code is void');
    expect(link.asked).toBe(1);
    // The first one's time is over; nothing depends on it any more.
    await vi.advanceTimersByTimeAsync(200_000);
    expect(link.failures).toEqual([]);
  });

  it('that a reload cuts off is counted, and the QR code is shown in the page that follows', async () => {
    const link = new FakeLink('code');
    link.answer = () => Promise.reject(new Error('Execution context was destroyed.'));
    await link.opensPage();
    await vi.waitUntil(() => link.asked === 1);
    await link.opensPage();
    await vi.waitUntil(() => link.said('qr').length === 1);
    expect(link.status.reason).toMatch(/within the last three minutes|is void/);
    expect(link.asked).toBe(1);
    expect(link.failures).toEqual([]);
  });

  it('is not asked for where one was asked for a minute ago by an earlier life: the QR code is shown, with the reason', async () => {
    const first = new FakeLink('code');
    await first.opensPage();
    await first.showsPairingCode(1);
    const second = new FakeLink('code', new Date(first.now.getTime() + 60_000));
    await second.opensPage();
    await vi.waitUntil(() => second.said('qr').length === 1);
    expect(second.asked).toBe(0);
    expect(second.returnedToQr).toBe(0);
    expect(second.status.reason).toMatch(/within the last three minutes; the next may be asked for after .* UTC/);
  });

  it('that WhatsApp refuses as one too many is paused for a day, on disk, and the page returns to QR codes', async () => {
    const link = new FakeLink('code');
    link.answer = () => Promise.reject(new Error('rate-overlimit'));
    await link.opensPage();
    await vi.waitUntil(() => link.returnedToQr === 1);
    link.handsOutQr();
    expect(link.said('qr')).toHaveLength(1);
    expect(link.status.reason).toContain('rate-overlimit');
    expect(JSON.parse(await readFile(sessionPathsIn(folder).linkingLimits, 'utf8'))).toMatchObject({
      pause: { at: link.now.toISOString(), why: 'rate-limited' },
    });
    const later = new FakeLink('code', new Date(link.now.getTime() + 23 * 3_600_000));
    await later.opensPage();
    await vi.waitUntil(() => later.said('qr').length === 1);
    expect(later.asked).toBe(0);
    expect(link.failures).toEqual([]);
  });

  it('that WhatsApp never answers is given up after half a minute', async () => {
    const link = new FakeLink('code');
    link.answer = () => new Promise(() => undefined);
    await link.opensPage();
    await vi.waitUntil(() => link.asked === 1);
    await vi.advanceTimersByTimeAsync(31_000);
    await vi.waitUntil(() => link.returnedToQr === 1);
    expect(link.status.reason).toContain('gave no answer');
  });

  it('is never asked for in a page that has an identity', async () => {
    const link = new FakeLink('code');
    link.unpaired = false;
    await link.opensPage();
    await vi.waitUntil(() => link.said('qr').length === 1);
    expect(link.asked).toBe(0);
  });

  it('is asked for when a person wants one while QR codes are shown, and shown again when asked for twice', async () => {
    const link = new FakeLink('qr');
    await link.opensPage();
    expect(link.said('qr')).toHaveLength(1);
    link.person('code');
    await link.showsPairingCode(1);
    link.person('code');
    expect(link.asked).toBe(1);
    expect(link.banners.filter((title) => title.startsWith('ENTER'))).toHaveLength(2);
  });

  it('gives way to QR codes when a person wants these', async () => {
    const link = new FakeLink('code');
    await link.opensPage();
    await link.showsPairingCode(1);
    link.person('qr');
    expect(link.returnedToQr).toBe(1);
    link.handsOutQr();
    expect(link.said('qr')).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(link.failures).toEqual([]);
  });

  it.each([
    ['costs a session nothing that was linked', true, []],
    ['is no reason to wait longer for a link that does not come', false, [{ class: 'TRANSIENT' }]],
  ])('that WhatsApp gives only after the phone has taken a code %s', async (_what, isLinked, failures) => {
    const link = new FakeLink('qr');
    let give: (code: string) => void = () => undefined;
    link.answer = () => new Promise((resolve) => (give = resolve));
    await link.opensPage();
    link.person('code');
    await vi.waitUntil(() => link.asked === 1);
    link.socket('PAIRING');
    give('ABCD1234');
    await link.showsPairingCode(1);
    if (isLinked) {
      link.looks('OPENING', '12025550100');
      await link.listens();
    }
    await vi.advanceTimersByTimeAsync(200_000);
    expect(link.failures).toMatchObject(failures);
  });

  it('is not asked for when the device was linked meanwhile', async () => {
    const link = new FakeLink('qr');
    await link.opensPage();
    link.looks('CONNECTED', '12025550100');
    link.person('code');
    await vi.advanceTimersByTimeAsync(0);
    expect(link.asked).toBe(0);
  });
});

describe('QR codes', () => {
  it('are said to have expired with the last of a series, and asked for again, two times at most', async () => {
    const link = new FakeLink('qr');
    await link.opensPage();
    for (const series of [1, 2, 3]) {
      for (let code = link.said('qr').length; code < series * 6; code += 1) link.handsOutQr();
      link.looks('UNPAIRED_IDLE');
      expect(link.said('qr-expired')).toHaveLength(series);
    }
    expect(link.moreAsked).toBe(2);
    expect(link.said('qr').map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 18 }, (_, index) => index + 1),
    );
    expect(link.failures).toMatchObject([
      { class: 'TERMINAL', message: expect.stringContaining('18 codes') as string },
    ]);
  });

  it('are asked for no more than every 15 s from a page that doesn’t answer, and not for ever', async () => {
    const link = new FakeLink('qr');
    await link.opensPage();
    for (let second = 0; second < 120; second += 1) {
      link.looks('UNPAIRED_IDLE');
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(link.moreAsked).toBe(2);
    expect(link.failures).toMatchObject([{ class: 'TERMINAL' }]);
  });

  it('count anew when a person asks for them', async () => {
    const link = new FakeLink('qr');
    await link.opensPage();
    for (let code = 0; code < 17; code += 1) link.handsOutQr();
    link.person('qr');
    for (let code = 0; code < 17; code += 1) link.handsOutQr();
    expect(link.failures).toEqual([]);
    expect(link.said('qr')).toHaveLength(18 + 1 + 17);
    link.handsOutQr();
    expect(link.failures).toHaveLength(1);
  });
});

describe('a scan that WhatsApp refuses', () => {
  it('is explained and counted, and the codes count anew', async () => {
    const link = new FakeLink('qr');
    await link.opensPage();
    for (let code = 0; code < 17; code += 1) link.handsOutQr();
    for (const count of [1, 2]) {
      link.socket('PAIRING');
      link.socket('UNPAIRED');
      expect(link.status.reason).toContain('did not link the device');
      expect(link.status.reason).toContain('passkey');
      expect(link.history.at(-1)).toMatchObject({ eventType: 'link_refused', attempt: count, status: 'qr' });
    }
    expect(link.status.reason).toContain('(2 times by now)');
    link.handsOutQr();
    expect(link.failures).toEqual([]);
  });

  it('is seen also when the page reloads after it', async () => {
    const link = new FakeLink('qr');
    await link.opensPage();
    link.socket('PAIRING');
    await link.opensPage();
    expect(link.history).toMatchObject([{ eventType: 'link_refused' }]);
  });

  it('ends a pairing code: QR codes follow', async () => {
    const link = new FakeLink('code');
    await link.opensPage();
    await link.showsPairingCode(1);
    link.socket('PAIRING');
    link.socket('UNPAIRED');
    expect(link.history).toMatchObject([{ eventType: 'link_refused', status: 'code' }]);
    expect(link.returnedToQr).toBe(1);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(link.failures).toEqual([]);
  });

  it('that never comes to an end is given up after two minutes', async () => {
    const link = new FakeLink('qr');
    await link.opensPage();
    link.socket('PAIRING');
    await vi.advanceTimersByTimeAsync(121_000);
    expect(link.failures).toMatchObject([{ class: 'TRANSIENT' }]);
  });

  it('is none when the device is linked after it', async () => {
    const link = new FakeLink('qr');
    await link.opensPage();
    link.socket('PAIRING');
    link.socket('OPENING');
    link.looks('OPENING', '12025550100');
    await vi.advanceTimersByTimeAsync(200_000);
    expect(link.history).toEqual([]);
    expect(link.failures).toEqual([]);
  });
});

describe('a session that has listened since its link', () => {
  it.each(['UNPAIRED', 'UNPAIRED_IDLE'])(
    'ends when its page comes up without a link (%s), and shows no code',
    async (socket) => {
      const link = new FakeLink('qr');
      await link.opensPage();
      link.looks('CONNECTED', '12025550100');
      await link.listens();
      const codes = link.said('qr').length;
      // Which of the two notices depends on how far the library has come.
      expect(link.isUnpaired()).toMatchObject({ class: 'AUTH' });
      link.looks(socket);
      expect(() => link.looks(socket)).toThrow('not linked any more');
      link.handsOutQr();
      link.person('qr');
      expect(link.said('qr')).toHaveLength(codes);
    },
  );

  it('is not ended by looks of the time before it listened', async () => {
    const link = new FakeLink('qr');
    for (let count = 0; count < 5; count += 1) link.looks('UNPAIRED');
    await link.opensPage();
    for (let count = 0; count < 5; count += 1) link.looks('UNPAIRED');
    expect(link.failures).toEqual([]);
  });
});

it('in the json log format, where nothing is drawn, a person is told once what to do', async () => {
  const link = new FakeLink('qr', undefined, 'json');
  await link.opensPage();
  link.handsOutQr();
  expect(link.warnings).toEqual([expect.stringContaining('npx wasup link 12025550100 --code')]);
});

class FakeLink {
  readonly failures: WorkerFailure[] = [];
  readonly messages: WorkerMessage[] = [];
  readonly history: SessionHistoryEntryInput[] = [];
  readonly banners: string[] = [];
  readonly warnings: string[] = [];
  status: Partial<DeviceStatus> = {};
  asked = 0;
  moreAsked = 0;
  returnedToQr = 0;
  unpaired = true;
  answer = (): Promise<string> => Promise.resolve('ABCD1234');
  socket: (state: string) => void = () => undefined;
  readonly now: Date;
  readonly #client = new EventEmitter();
  readonly #supervisor = Object.assign(new EventEmitter(), {
    send: (message: WorkerMessage) => Promise.resolve(void this.messages.push(message)),
  });
  readonly #linker: DeviceLinker;
  #bringUp: (broughtUp: BroughtUp) => void = () => undefined;

  constructor(authMethod: 'qr' | 'code', now = new Date('2026-11-22T12:00:00.000Z'), format = 'pretty') {
    this.now = now;
    const context = {
      assignment: { account: '12025550100', authMethod, incarnation: 1, browser: { pid: 2 } },
      paths: sessionPathsIn(folder),
      timeline: { elapsedMs: 1 },
      output: {
        format,
        banner: (title: string) => this.banners.push(title),
        print: () => undefined,
        log: { info: () => undefined, error: () => undefined, warn: (line: string) => this.warnings.push(line) },
      },
      supervisor: this.#supervisor,
    };
    const records = {
      update: (change: Partial<DeviceStatus>) => Promise.resolve(void Object.assign(this.status, change)),
      noteListening: () => Promise.resolve(),
      note: (entry: SessionHistoryEntryInput) => Promise.resolve(void this.history.push(entry)),
    };
    const page = {
      follow: () => Promise.resolve(),
      isUnpaired: () => Promise.resolve(this.unpaired),
      requestPairingCode: () => {
        this.asked += 1;
        return this.answer();
      },
      requestMoreQrCodes: () => Promise.resolve(void (this.moreAsked += 1)),
      returnToQr: () => Promise.resolve(void (this.returnedToQr += 1)),
    };
    this.#linker = new DeviceLinker(
      context as unknown as SessionContext,
      records as unknown as SessionRecords,
      { fail: (failure) => this.failures.push(failure), onLinked: () => undefined },
      {
        now: () => now,
        openPage: (_client, heard) => {
          this.socket = heard;
          return page as unknown as LinkingPage;
        },
      },
    );
    void this.#linker.run(
      this.#client as unknown as AttachedClient,
      () => new Promise((resolve) => (this.#bringUp = resolve)),
    );
  }

  async listens(): Promise<void> {
    this.#bringUp({ state: { waVersion: null } as PageState, healed: false });
    await vi.advanceTimersByTimeAsync(0);
  }

  isUnpaired(): WorkerFailure | undefined {
    return this.#linker.onUnpaired();
  }

  /** WhatsApp says that the page isn't linked, and offers a first QR code, as it does whatever the method. */
  async opensPage(): Promise<void> {
    this.#linker.onUnpaired();
    this.handsOutQr();
    await vi.advanceTimersByTimeAsync(0);
  }

  handsOutQr(): void {
    this.#client.emit('qr', 'a code for a scanner');
  }

  looks(socket: string, identity: string | null = null): void {
    this.#linker.onState({ socket, identity } as PageState);
  }

  /** The supervisor hands on that a person asks. */
  person(method: 'qr' | 'code'): void {
    this.#supervisor.emit('refresh-link', { type: 'refresh-link', method });
  }

  /** The pairing code is shown when it was counted on disk, which takes real time. */
  async showsPairingCode(count: number): Promise<void> {
    await vi.waitUntil(() => this.said('pairing-code').length === count);
  }

  said<Type extends WorkerMessage['type']>(type: Type): Extract<WorkerMessage, { type: Type }>[] {
    return this.messages.filter((message): message is Extract<WorkerMessage, { type: Type }> => message.type === type);
  }
}
