import type { Account } from './account.js';
import type { DeviceState, SyncConditions } from './conditions.js';
import { deviceState, syncConditions } from './conditions.js';
import type { Device } from './device.js';
import { Elsewhere } from './elsewhere.js';
import { parseInput } from './options.js';
import type { World } from './world.js';

/** What can befall an account's device: its socket, its sync, its page, its profile. */
export class PhoneFaults {
  constructor(
    protected readonly account: Account,
    protected readonly world: World,
  ) {}

  /** Cuts the device's socket once; the page connects again by itself. */
  dropSocket(): void {
    for (const { connection } of this.account.devices.values()) connection?.drop();
  }

  /** How the next page loads of this account sync; without a field it is as by default. */
  sync(conditions: SyncConditions): { release: () => void } {
    const parsed = parseInput(syncConditions, conditions, 'sync');
    const { sync } = this.account;
    for (const key of Object.keys(sync) as (keyof SyncConditions)[]) Reflect.deleteProperty(sync, key);
    Object.assign(sync, parsed);
    return { release: () => this.releaseSync() };
  }

  /** Ends a withheld sync, now and for later pages. */
  releaseSync(): void {
    this.account.sync.withhold = false;
    for (const { connection } of this.account.devices.values()) connection?.send({ type: 'sync-release' });
  }

  /**
   * From the next connection on, a page that logs in with its stored credentials stays in PAIRING until `release()`,
   * which lets in those that wait and all later ones.
   */
  holdLogin(): { release: () => void } {
    this.account.heldLogins ??= new Set();
    return { release: () => this.releaseLogin() };
  }

  releaseLogin(): void {
    const held = this.account.heldLogins ?? [];
    this.account.heldLogins = undefined;
    for (const connection of held) connection.letIn();
  }

  /**
   * Somebody opens the same link elsewhere: the living page goes into CONFLICT. A page that takes over, or that loads and
   * logs in, throws the other out; a stubborn one takes the link back after half a second, each time until `close()`.
   *
   * @throws Error when no device is linked.
   */
  openElsewhere({ stubborn = false }: { stubborn?: boolean } = {}): { readonly takeovers: number; close(): void } {
    if (this.account.devices.size === 0) {
      throw new Error(`No device is linked to ${this.account.number}, so there is no link to open elsewhere.`);
    }
    this.account.elsewhere?.close();
    this.account.elsewhere = new Elsewhere(this.account, stubborn);
    return this.account.elsewhere;
  }

  /** Ends what `openElsewhere` has begun, if anything; says how often a page has taken the link from there. */
  closeElsewhere(): { takeovers: number } {
    this.account.elsewhere?.close();
    return { takeovers: this.account.elsewhere?.takeovers ?? 0 };
  }

  /** Flips `hasSynced` of the living page: the library announces `ready` again on every edge. */
  setSynced(synced: boolean): void {
    this.#act('synced', { synced });
  }

  /** Puts the page's socket into this state, as WhatsApp's servers can. */
  setState(state: DeviceState): void {
    this.#act('state', { state: parseInput(deviceState, state, 'setState') });
  }

  /** The page reloads itself. */
  reloadPage(): void {
    this.#act('reload');
  }

  /**
   * What puppeteer has exposed in the living page leads nowhere from now on, as after the death of whoever exposed it:
   * calls resolve, and nothing reaches Node. What is exposed later works. Resolves when it is so.
   */
  async deafen(): Promise<void> {
    await this.world.pages.perform(this.#lastDevice()?.pageId, 'deafen');
  }

  /** The library's half in the living page is gone: `window.WWebJS` is undefined. Resolves when it is so. */
  async forgetUtilities(): Promise<void> {
    await this.world.pages.perform(this.#lastDevice()?.pageId, 'forget-utilities');
  }

  /** How many listeners there are in the living page, WhatsApp's own among them: a restore that adds to them delivers twice. */
  async countListeners(): Promise<number> {
    const count = await this.world.pages.perform(this.#lastDevice()?.pageId, 'count-listeners');
    if (count === undefined) throw new Error('The page does not count its listeners.');
    return count;
  }

  /** The page's event loop hangs, for ever or for so long; resolves when it has begun to. */
  async freezePage(forMs?: number): Promise<void> {
    await this.world.pages.freeze(this.#lastDevice()?.pageId, forMs);
  }

  /** The page's renderer process dies, as of a bug or of lack of memory; resolves when it has. */
  async crashPage(): Promise<void> {
    await this.world.pages.crash(this.#lastDevice()?.pageId);
  }

  /** The profile loses a half of its link, as after a hard kill of the browser; resolves when it has. Takes effect at the next load. */
  async damageProfile(part: 'localStorage' | 'indexedDB'): Promise<void> {
    await this.world.pages.perform(this.#lastDevice()?.pageId, 'wipe', { part });
  }

  #act(action: string, details?: Record<string, unknown>): void {
    this.world.pages.act(this.#lastDevice()?.pageId, action, details);
  }

  #lastDevice(): Device | undefined {
    const devices = [...this.account.devices.values()];
    return devices.find(({ connection }) => connection !== undefined) ?? devices.at(-1);
  }
}
