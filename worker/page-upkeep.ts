import { hasRoom, roomAction } from '../shared/files/has-room.js';
import { withDeadline } from '../shared/with-deadline.js';
import { classifyFailure } from './classify-failure.js';
import { configurationMistake } from './configuration-mistake.js';
import { ConnectionWatch } from './connection-watch.js';
import { HealBudget } from './heal-budget.js';
import { isSupervisorStopped } from './is-supervisor-stopped.js';
import { ListeningProbe, type ProbeResult } from './listening-probe.js';
import type { SessionContext } from './session-context.js';
import type { SessionHealth } from './session-health.js';
import type { SessionRecords } from './session-records.js';
import { decisiveStates } from './socket-verdict.js';
import { StorageWatch } from './storage-watch.js';
import type { AttachedClient } from './whatsapp/attached-client.js';
import { readWhatsAppVersion } from './whatsapp/page-actions.js';
import { lookAtStorage } from './whatsapp/page-storage.js';
import type { PageState } from './whatsapp/page-state.js';
import { WorkerFailure } from './worker-failure.js';

export interface PageUpkeepOptions {
  readonly context: SessionContext;
  readonly client: AttachedClient;
  readonly records: SessionRecords;
  readonly health: SessionHealth;
  /** Called with what ends the session. */
  fail(thrown: unknown): void;
  /** Nothing is heard of WhatsApp for now. */
  onLoss(): void;
  /** A message has to be fetched that the page has and doesn't hand over. */
  onLost(): void;
}

/**
 * Keeps a session's page listening: probes it, watches its connection, and has it come up again, in the same page, when
 * it doesn't listen any more. What brings it up follows the documents that come of it (follow-documents.ts).
 */
export class PageUpkeep {
  readonly #options: PageUpkeepOptions;
  readonly #connection: ConnectionWatch;
  readonly #probe: ListeningProbe;
  readonly #storage: StorageWatch;
  /** For whatever reason: a page that has to be loaded anew so often isn't cured by it. */
  readonly #budget = new HealBudget();
  #stopped = false;
  /** When the storage of a page that comes up is looked at next, in ms of `performance.now()`. */
  #storageLookAt = Infinity;

  constructor(options: PageUpkeepOptions) {
    const { client, context } = options;
    const fail = (thrown: unknown): void => options.fail(thrown);
    const { assignment, output, supervisor } = context;
    const { deadlines, incarnation } = assignment;
    this.#options = options;
    this.#connection = new ConnectionWatch({
      client,
      deadlines,
      log: output.log,
      reload: (reason) => this.#loadAnewOrFail(reason),
      fail,
      alert: (alert) => void supervisor.send({ type: 'alert', incarnation, ...alert }),
    });
    this.#storage = new StorageWatch({
      health: options.health,
      timeoutMs: deadlines.probeTimeoutMs,
      profile: context.paths.profile,
      look: (patienceMs) => lookAtStorage(client.page, Date.now(), patienceMs),
      hasRoom: () => hasRoom(context.paths.profile),
      fail,
      document: () => (this.#isListening ? client.document : undefined),
    });
    this.#probe = new ListeningProbe({
      client,
      incarnation,
      deadlines,
      budget: this.#budget,
      lookAtStorage: () => this.#storage.look(),
      isStorageImpaired: () => options.health.has('storage'),
      onLost: () => options.onLost(),
      isListening: () => this.#isListening,
      isCutOff: () => isSupervisorStopped(),
      onState: ({ socket }) => socket !== null && this.#observe(socket),
      heal: (reason, isUntouched) => this.#heal(reason, isUntouched),
      fail,
    });
    client.on('change_state', (state: string) => this.#observe(state));
    client.on('disconnected', (reason: string) => this.#observe(reason));
  }

  /** Whether the connection of a session that listened is away, and is being cared for. */
  get isAway(): boolean {
    return this.#connection.isAway;
  }

  /** The newest look at the page of the session while it listened. */
  get lastProbe(): ProbeResult | null {
    return this.#probe.last;
  }

  /** The session listens for the first time. */
  start(): void {
    if (!this.#stopped) this.#probe.start();
  }

  /** Looks at the page soon, rather than at the end of the interval. */
  hurry(): void {
    this.#probe.hurry();
  }

  /** One look at the storage of a page that is about to listen. Never rejects: what ends the session goes to `fail`. */
  async lookAtStorage(): Promise<void> {
    await this.#storage.look().catch((thrown: unknown) => {
      if (!this.#stopped) this.#options.fail(thrown);
    });
  }

  /** Why nothing comes of the page in its browser, as far as its storage tells. */
  findStorageFailure(): Promise<WorkerFailure | undefined> {
    return this.#storage.findFailure();
  }

  /** Loads the page anew to cure what it suffers from. @returns false when that was done too often. */
  healByReload(reason: string): boolean {
    if (!this.#isListening) return true;
    if (!this.#budget.take(performance.now())) return false;
    this.#heal(reason, false);
    return true;
  }

  /** Nothing is done to the page from now on. */
  stop(): void {
    this.#stopped = true;
    this.#probe.stop();
    this.#connection.stop();
  }

  /** The page shows another document. */
  beginDocument(): void {
    this.#storageLookAt = performance.now() + this.#options.context.assignment.deadlines.probeIntervalMs;
    this.#connection.beginDocument();
  }

  /** A look at a page that comes up: some states of its socket need not be waited for. */
  onStateWhileComingUp({ socket }: PageState): void {
    if (socket !== null && decisiveStates.includes(socket)) this.#observe(socket);
    if (performance.now() >= this.#storageLookAt) void this.#lookAtStorageWhileComingUp();
  }

  /** The page of a session that has listened shows another document. */
  noteReload(): void {
    if (!this.#isListening) return;
    this.#options.context.output.log.info('WhatsApp Web reloaded its page; attaching again.');
    this.#lose('WhatsApp Web reloaded its page', 'page');
  }

  /**
   * Loads a page anew that doesn't come up.
   *
   * @throws WorkerFailure when it can't be loaded, or may not be in this browser.
   */
  async reloadOnce(reason: string): Promise<void> {
    await this.#storage.refuseUnsafeLoad(reason);
    await this.reload(reason);
  }

  /**
   * Loads the page anew.
   *
   * @throws WorkerFailure when it can't be loaded.
   */
  async reload(reason: string): Promise<void> {
    if (this.#stopped) return;
    const { client, context } = this.#options;
    const { document } = client;
    this.#lose(reason, 'browser');
    context.timeline.fallBackTo('browser');
    context.timeline.enter('loading');
    try {
      await client.reload(context.assignment.deadlines.pageLoadTimeoutMs);
    } catch (error) {
      const failure = pageLoadFailure(error);
      // WhatsApp may reload the page in the middle of it: the newest document counts.
      if (classifyFailure(error).class !== 'TRANSIENT' || client.document === document) throw failure;
    }
  }

  /** What WhatsApp Web calls its version, if the page still says it. */
  async readVersion(): Promise<string | null> {
    const { client, context } = this.#options;
    const { probeTimeoutMs } = context.assignment.deadlines;
    try {
      return await withDeadline(readWhatsAppVersion(client.page), probeTimeoutMs, 'Asking for the version');
    } catch {
      return null;
    }
  }

  get #isListening(): boolean {
    return !this.#stopped && this.#options.context.timeline.phase === 'listening';
  }

  #observe(state: string): void {
    if (this.#stopped) return;
    // Nobody is told of a session that doesn't listen yet; what it reads just then may not be all.
    if (this.#options.context.timeline.phase === 'catching-up' && state !== 'CONNECTED') this.#options.onLoss();
    // A page that is coming up again isn't listening because its socket is there.
    if (this.#isListening && state !== 'LOGOUT') this.#options.health.noteConnection(state);
    this.#connection.observe(state, { listens: this.#isListening });
  }

  /** A page whose storage is closed doesn't come up, and waits for it as long as it may. */
  async #lookAtStorageWhileComingUp(): Promise<void> {
    const { client, context } = this.#options;
    const { document } = client;
    this.#storageLookAt = Infinity;
    const failure = await this.#storage.findFailure();
    if (this.#stopped || this.#isListening || client.document !== document) return;
    if (failure !== undefined) this.#options.fail(failure);
    else this.#storageLookAt = performance.now() + context.assignment.deadlines.probeIntervalMs;
  }

  #heal(reason: string, isUntouched: boolean): void {
    const { client, context } = this.#options;
    if (!isUntouched) {
      this.#loadAnewOrFail(reason);
      return;
    }
    context.output.log.warn(`${reason}; attaching again.`);
    this.#lose(reason, 'page');
    client.takeUpDocument();
  }

  #loadAnewOrFail(reason: string): void {
    this.#loadAnew(reason).catch((error: unknown) => {
      if (!this.#stopped) this.#options.fail(error);
    });
  }

  /**
   * Not on a disk without room, or with a storage that is impaired: Chromium would give up the store with the login
   * (storage-verdict.ts).
   */
  async #loadAnew(reason: string): Promise<void> {
    const { client, context, health } = this.#options;
    const { document } = client;
    const { profile } = context.paths;
    const isRoomy = await hasRoom(profile);
    if (this.#stopped || client.document !== document || health.has('storage')) return;
    if (!isRoomy) {
      health.note('storage', `${reason}; the disk of ${profile} has no room`, roomAction(profile));
      return;
    }
    await this.#storage.refuseUnsafeLoad(reason);
    if (client.document !== document) return;
    context.output.log.warn(`${reason}; loading the page anew.`);
    await this.reload(reason);
  }

  /** The session doesn't listen any more, and begins to come up again. */
  #lose(reason: string, kept: 'browser' | 'page'): void {
    if (!this.#isListening) return;
    const { context, records, health } = this.#options;
    context.attempts.beginInPlace();
    context.timeline.restart(kept === 'browser' ? 'loading' : 'starting', kept);
    void records.update({ isActive: false, state: 'restoring', reason });
    health.noteConnection('CONNECTED');
  }
}

/**
 * Whatever keeps a page from loading is the network's fault, unless the browser itself is gone, or was told something
 * that can't work.
 */
export function pageLoadFailure(error: unknown): WorkerFailure {
  const failure = classifyFailure(error);
  if (failure.class === 'LOCAL') return failure;
  const userAction = configurationMistake(failure.message);
  if (userAction !== undefined) {
    const reason = `WhatsApp Web can't be loaded with this configuration (${failure.message})`;
    return new WorkerFailure('CONFIGURATION', reason, { cause: error, userAction });
  }
  return new WorkerFailure('NETWORK', `WhatsApp Web could not be loaded (${failure.message})`, { cause: error });
}
