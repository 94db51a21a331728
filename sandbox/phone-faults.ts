import type { Account } from './account.js';
import type { DeviceState, SyncConditions } from './conditions.js';
import { deviceState, syncConditions } from './conditions.js';
import type { Device } from './device.js';
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

  /** The page's event loop hangs, for ever or for so long; resolves when it has begun to. */
  async freezePage(forMs?: number): Promise<void> {
    await this.world.pages.freeze(this.#lastDevice()?.pageId, forMs);
  }

  /** The page's renderer process dies, as of a bug or of lack of memory; resolves when it has. */
  async crashPage(): Promise<void> {
    await this.world.pages.crash(this.#lastDevice()?.pageId);
  }

  /** The profile loses a half of its link, as after a hard kill of the browser. Takes effect at the next load. */
  damageProfile(part: 'localStorage' | 'indexedDB'): void {
    this.#act('wipe', { part });
  }

  #act(action: string, details?: Record<string, unknown>): void {
    this.world.pages.act(this.#lastDevice()?.pageId, action, details);
  }

  #lastDevice(): Device | undefined {
    const devices = [...this.account.devices.values()];
    return devices.find(({ connection }) => connection !== undefined) ?? devices.at(-1);
  }
}
