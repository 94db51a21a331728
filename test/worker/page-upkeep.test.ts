import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { hasRoom } from '../../shared/files/has-room.js';
import type { Assignment, ImpairmentKind } from '../../shared/protocol/messages.js';
import { classifyFailure } from '../../worker/classify-failure.js';
import { PageUpkeep } from '../../worker/page-upkeep.js';
import type { SessionContext } from '../../worker/session-context.js';
import { SessionHealth } from '../../worker/session-health.js';
import type { SessionRecords } from '../../worker/session-records.js';
import type { StorageLook } from '../../worker/storage-verdict.js';
import { Timeline } from '../../worker/timeline.js';
import type { AttachedClient } from '../../worker/whatsapp/attached-client.js';
import type { PageState } from '../../worker/whatsapp/page-state.js';
import type { WorkerFailure } from '../../worker/worker-failure.js';
import { until } from '../support/until.js';
import { incarnation, listening } from './page-states.js';

const well: StorageLook = { error: null, closed: [] };
const closed: StorageLook = { error: null, closed: ['model-storage'] };
/** Longer than any test. */
const never = 3_600_000;

const patient = {
  probeIntervalMs: never,
  probeTimeoutMs: 60_000,
  pageLoadTimeoutMs: 60_000,
  transportReconnectMs: never,
  transportReloadMs: never,
  transportRestartMs: never,
};

let upkept: UpkeptPage;

beforeEach(() => (upkept = new UpkeptPage()));
afterEach(() => upkept.close());

/** Each of these wants the page to be loaded anew. */
const causes: [string, Partial<typeof patient>, (page: UpkeptPage) => void][] = [
  ['it refuses answers', {}, ({ upkeep }) => void upkeep.healByReload('It refuses answers')],
  [
    'a look finds nothing of this worker in it',
    {},
    (page) => {
      page.show({ ...listening, incarnation: incarnation - 1 });
      page.lookOnce();
    },
  ],
  [
    'its connection is away for long',
    { transportReconnectMs: 1, transportReloadMs: 2 },
    ({ client }) => void client.emit('change_state', 'OPENING'),
  ],
  ['WhatsApp wants a newer version', {}, ({ client }) => void client.emit('change_state', 'DEPRECATED_VERSION')],
];

describe.each(causes)('a page that is to be loaded anew, as %s', (_, deadlines, cause) => {
  beforeEach(() => {
    upkept.close();
    upkept = new UpkeptPage(deadlines);
    upkept.listen();
  });

  it('is: the account isn’t active from then on', async () => {
    cause(upkept);
    await upkept.did(2);
    expect(upkept.deeds).toEqual(['not active: restoring', 'reload']);
    expect(upkept.timeline.phase).toBe('loading');
    expect(upkept.health.impairment).toBeNull();
  });

  it('isn’t on a disk without room: the account is degraded, and says what to do', async () => {
    upkept.fillDisk();
    cause(upkept);
    await until(() => upkept.health.has('storage') || undefined, { expectation: () => 'an impairment of the storage' });
    expect(upkept.impairments.get('storage')).toMatch(/; the disk of .* has no room. Free space on the disk of /);
    await nextTurn();
    expect(upkept.deeds).toEqual([]);
    expect(upkept.timeline.phase).toBe('listening');
  });

  it('isn’t in a browser that has closed its databases: the next worker gets another one', async () => {
    upkept.storage = closed;
    cause(upkept);
    await upkept.did(1);
    await nextTurn();
    expect(upkept.deeds).toEqual(['fail: LOCAL']);
  });

  it('isn’t when another document has taken its place, or the session was stopped, while its storage was looked at', async () => {
    for (const happens of [() => (upkept.client.document += 1), () => upkept.upkeep.stop()]) {
      const looked = new Promise<void>((resolve) => {
        upkept.onStorageLook = () => {
          happens();
          resolve();
        };
      });
      cause(upkept);
      await looked;
      await upkept.lookForRoom();
      expect(upkept.deeds).toEqual([]);
      upkept.close();
      upkept = new UpkeptPage(deadlines);
      upkept.listen();
    }
  });
});

describe('a page that is to be loaded anew', () => {
  it('isn’t while its storage is known to be impaired', async () => {
    upkept.listen();
    upkept.health.note('storage', 'It can’t be written');
    let asked = 0;
    const has = upkept.health.has.bind(upkept.health);
    upkept.health.has = (kind) => {
      asked += 1;
      return has(kind);
    };
    upkept.upkeep.healByReload('It refuses answers');
    await until(() => asked > 0 || undefined, { expectation: () => 'the question whether the storage is impaired' });
    await upkept.lookForRoom();
    expect([upkept.deeds, upkept.storageLooks]).toEqual([[], 0]);
  });

  it('is three times; at the fourth something else has to help', async () => {
    for (let times = 1; times <= 3; times += 1) {
      upkept.listen();
      expect(upkept.upkeep.healByReload('It refuses answers')).toBe(true);
      await upkept.did(2 * times);
    }
    upkept.listen();
    expect(upkept.upkeep.healByReload('It refuses answers')).toBe(false);
    await upkept.lookForRoom();
    expect(upkept.deeds.filter((deed) => deed === 'reload')).toHaveLength(3);
  });

  it('is left alone where it doesn’t listen: it comes up already', async () => {
    expect(upkept.upkeep.healByReload('It refuses answers')).toBe(true);
    await upkept.lookForRoom();
    expect([upkept.deeds, upkept.storageLooks]).toEqual([[], 0]);
  });

  it('ends the session where it can’t be loaded, by what that says', async () => {
    upkept.listen();
    upkept.loading = () => Promise.reject(new Error('net::ERR_INTERNET_DISCONNECTED'));
    upkept.upkeep.healByReload('It refuses answers');
    await upkept.did(3);
    expect(upkept.deeds).toEqual(['not active: restoring', 'reload', 'fail: NETWORK']);
  });
});

it('a document that nothing is attached to is attached to as it is, without a load', async () => {
  upkept.listen();
  upkept.show({ ...listening, incarnation: null, utilities: false });
  upkept.lookOnce();
  await upkept.did(2);
  expect(upkept.deeds).toEqual(['not active: restoring', 'attach again']);
  expect(upkept.timeline.phase).toBe('starting');
});

describe('the storage of a page that listens', () => {
  const unwritable: StorageLook = { error: 'UnknownError: IO error', closed: [] };

  it('is looked at with each look at the page: another browser is needed where it can’t be written', async () => {
    upkept.listen();
    upkept.storage = unwritable;
    upkept.lookOnce();
    await upkept.did(1);
    expect(upkept.deeds).toEqual(['fail: LOCAL']);
    expect(upkept.health.has('storage')).toBe(true);
  });

  it('impairs the session and nothing more while the disk has no room, and is well again when it can be written', async () => {
    upkept.listen();
    upkept.fillDisk();
    upkept.storage = unwritable;
    await upkept.upkeep.lookAtStorage();
    expect(upkept.impairments.get('storage')).toMatch(/can't be written .* has no room. Free space on the disk of /);
    upkept.storage = well;
    await upkept.upkeep.lookAtStorage();
    expect(upkept.health.has('storage')).toBe(false);
    expect(upkept.deeds).toEqual([]);
  });

  it('is left alone where the page doesn’t listen yet: who has it come up looks at it', async () => {
    upkept.storage = unwritable;
    await upkept.upkeep.lookAtStorage();
    expect([upkept.deeds, upkept.storageLooks]).toEqual([[], 0]);
    expect((await upkept.upkeep.findStorageFailure())?.class).toBe('LOCAL');
  });

  it('is not waited for longer than a look may take', async () => {
    upkept.close();
    upkept = new UpkeptPage({ probeTimeoutMs: 1 });
    upkept.listen();
    upkept.answers = new Promise(() => undefined);
    await upkept.upkeep.lookAtStorage();
    expect([upkept.deeds, upkept.storageLooks]).toEqual([[], 1]);
  });
});

describe('a page that comes up', () => {
  it.each([
    ['is loaded once more where that may help', well, true, undefined],
    ['isn’t in a browser that has closed its databases', closed, true, 'LOCAL'],
    ['isn’t on a disk without room', well, false, 'LOCAL'],
  ] as const)('%s', async (_, storage, isRoomy, refusal) => {
    upkept.storage = storage;
    if (!isRoomy) upkept.fillDisk();
    const thrown = await upkept.upkeep.reloadOnce('It stands still').catch((error: unknown) => error);
    expect((thrown as WorkerFailure | undefined)?.class).toBe(refusal);
    expect(upkept.deeds).toEqual(refusal === undefined ? ['reload'] : []);
  });

  it('may load itself anew in the middle of a load: the newest document counts', async () => {
    upkept.loading = () => {
      upkept.client.document += 1;
      return Promise.reject(new Error('Execution context was destroyed'));
    };
    await upkept.upkeep.reload('It stands still');
    upkept.loading = () => Promise.reject(new Error('Execution context was destroyed'));
    await expect(upkept.upkeep.reload('It stands still')).rejects.toMatchObject({ class: 'NETWORK' });
  });

  it('has its storage looked at once an interval: with closed databases it would never come up', async () => {
    upkept.storage = closed;
    upkept.upkeep.beginDocument();
    upkept.upkeep.onStateWhileComingUp(listening);
    await nextTurn();
    expect([upkept.deeds, upkept.storageLooks]).toEqual([[], 0]);

    upkept.close();
    upkept = new UpkeptPage({ probeIntervalMs: 0 });
    upkept.upkeep.beginDocument();
    for (let looks = 1; looks <= 3; looks += 1) {
      upkept.upkeep.onStateWhileComingUp(listening);
      upkept.upkeep.onStateWhileComingUp(listening);
      await until(() => upkept.storageLooks === looks || undefined, { expectation: () => `look ${looks}` });
      await nextTurn();
    }
    upkept.storage = closed;
    upkept.upkeep.onStateWhileComingUp(listening);
    await upkept.did(1);
    expect(upkept.deeds).toEqual(['fail: LOCAL']);
  });

  it('is ended by a state of its socket that decides, and waits through the others', () => {
    for (const socket of ['OPENING', 'TIMEOUT', 'UNPAIRED', null]) {
      upkept.upkeep.onStateWhileComingUp({ ...listening, socket });
    }
    expect(upkept.deeds).toEqual([]);
    upkept.upkeep.onStateWhileComingUp({ ...listening, socket: 'TOS_BLOCK' });
    expect(upkept.deeds).toEqual(['fail: TERMINAL']);
  });

  it('has lost what it reads just now when its connection goes', () => {
    upkept.timeline.enter('catching-up');
    upkept.client.emit('change_state', 'CONNECTED');
    expect(upkept.deeds).toEqual([]);
    upkept.client.emit('change_state', 'OPENING');
    expect(upkept.deeds).toEqual(['loss']);
  });
});

it('the connection of a page that listens impairs the session while it is away, and only then', () => {
  upkept.client.emit('change_state', 'OPENING');
  expect(upkept.health.has('connection')).toBe(false);
  upkept.listen();
  upkept.client.emit('change_state', 'OPENING');
  expect([upkept.health.has('connection'), upkept.upkeep.isAway]).toEqual([true, true]);
  upkept.client.emit('change_state', 'CONNECTED');
  expect([upkept.health.has('connection'), upkept.upkeep.isAway]).toEqual([false, false]);
});

it('a page that has loaded itself anew is one that comes up again, if it has listened', () => {
  upkept.upkeep.noteReload();
  expect([upkept.timeline.phase, upkept.deeds]).toEqual(['booting', []]);
  upkept.listen();
  upkept.client.emit('change_state', 'OPENING');
  upkept.upkeep.noteReload();
  expect([upkept.timeline.phase, upkept.deeds]).toEqual(['starting', ['not active: restoring']]);
  // The connection of the new document is another one.
  expect(upkept.health.has('connection')).toBe(false);
});

it('what ends the session at the look before it listens goes where such things go, and no further once it is stopped', async () => {
  upkept.listen();
  upkept.onStorageLook = () => {
    throw new Error('Protocol error (Runtime.callFunctionOn): Target closed');
  };
  await upkept.upkeep.lookAtStorage();
  expect(upkept.deeds).toEqual(['fail: LOCAL']);
  upkept.upkeep.stop();
  await upkept.upkeep.lookAtStorage();
  expect(upkept.deeds).toEqual(['fail: LOCAL']);
});

it('nothing goes on once it is stopped, and nothing begins', () => {
  vi.useFakeTimers();
  try {
    upkept.listen();
    upkept.upkeep.start();
    upkept.client.emit('change_state', 'OPENING');
    expect(vi.getTimerCount()).toBe(2);
    upkept.upkeep.stop();
    upkept.upkeep.start();
    upkept.client.emit('change_state', 'TOS_BLOCK');
    expect(vi.getTimerCount()).toBe(0);
    expect(upkept.deeds).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});

/** A page of which is seen what is done to it, in a browser whose profile is on a disk of its own. */
class UpkeptPage {
  readonly deeds: string[] = [];
  readonly client: FakeClient;
  readonly timeline = new Timeline(() => undefined);
  /** What each kind has been noted for, with what to do. */
  readonly impairments = new Map<ImpairmentKind, string>();
  readonly health = new SessionHealth({ onChange: () => undefined, onPause: () => undefined });
  readonly upkeep: PageUpkeep;
  storage = well;
  storageLooks = 0;
  onStorageLook: () => void = () => undefined;
  /** The page answers a look at its storage after this. */
  answers = Promise.resolve();
  loading: () => Promise<void> = () => Promise.resolve();
  readonly #profile = mkdtempSync(join(tmpdir(), 'wasup-upkeep-'));

  constructor(deadlines: Partial<typeof patient> = {}) {
    this.show(listening);
    const note = this.health.note.bind(this.health);
    this.health.note = (kind, reason, userAction) => {
      this.impairments.set(kind, `${reason}. ${userAction}`);
      note(kind, reason, userAction);
    };
    this.client = new FakeClient(this);
    const context = {
      assignment: { incarnation, deadlines: { ...patient, ...deadlines } as Assignment['deadlines'] },
      output: { log: pino({ level: 'silent' }) },
      paths: { profile: this.#profile },
      supervisor: { send: () => Promise.resolve() },
      timeline: this.timeline,
      attempts: { beginInPlace: () => undefined },
    };
    const update = ({ isActive, state }: { isActive: boolean; state: string }): Promise<void> =>
      Promise.resolve(void this.deeds.push(`${isActive ? 'active' : 'not active'}: ${state}`));
    this.upkeep = new PageUpkeep({
      context: context as unknown as SessionContext,
      client: this.client as unknown as AttachedClient,
      records: { update } as unknown as SessionRecords,
      health: this.health,
      fail: (thrown) => this.deeds.push(`fail: ${classifyFailure(thrown).class}`),
      onLoss: () => this.deeds.push('loss'),
      onLost: () => this.deeds.push('fetch'),
    });
  }

  lookOnce(): void {
    this.upkeep.start();
    this.upkeep.hurry();
  }

  listen(): void {
    this.timeline.enter('listening');
  }

  /** Takes as long as what the upkeep does between a look at the storage and the load, several times. */
  async lookForRoom(): Promise<void> {
    for (let times = 0; times < 3; times += 1) expect(await hasRoom(this.#profile)).toBe(true);
    await nextTurn();
  }

  fillDisk(): void {
    // What isn't there takes no file either.
    rmSync(this.#profile, { recursive: true, force: true });
  }

  /** What is evaluated in the page finds this there. */
  show({ waVersion, utilities, incarnation: attached, messages, ...state }: PageState): void {
    const modules: Record<string, object> = {
      WAWebSocketModel: { Socket: { state: state.socket, hasSynced: state.hasSynced, reconnect: () => undefined } },
      WAWebUserPrefsMeUser: { getMaybeMePnUser: () => ({ user: state.identity }), getMaybeMeLidUser: () => undefined },
    };
    const look = (): Promise<StorageLook> => {
      this.storageLooks += 1;
      this.onStorageLook();
      return this.answers.then(() => this.storage);
    };
    (globalThis as { window?: unknown }).window = {
      origin: 'https://web.whatsapp.com',
      Debug: { VERSION: waVersion },
      require: (name: string) => modules[name],
      ...(utilities && { WWebJS: {} }),
      wasup: { incarnation: attached, messages },
      wasupStorage: { look },
    };
  }

  async did(count: number): Promise<void> {
    const expectation = (): string => `${count} deeds, not ${this.deeds.join(', ')}`;
    await until(() => this.deeds.length >= count || undefined, { expectation });
  }

  close(): void {
    this.upkeep.stop();
    this.fillDisk();
    delete (globalThis as { window?: unknown }).window;
  }
}

class FakeClient extends EventEmitter {
  document = 1;
  readonly messages = 0;
  readonly untaken = 0;
  readonly page = {
    // What is thrown in the page is a rejection here.
    evaluate: (work: (...all: unknown[]) => unknown, ...parameters: unknown[]): Promise<unknown> =>
      new Promise((resolve) => resolve(work(...parameters))),
  };
  readonly #upkept: UpkeptPage;

  constructor(upkept: UpkeptPage) {
    super();
    this.#upkept = upkept;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  takeUpDocument(): void {
    this.#upkept.deeds.push('attach again');
  }

  async reload(): Promise<void> {
    this.#upkept.deeds.push('reload');
    await this.#upkept.loading();
  }
}
