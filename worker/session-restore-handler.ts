import type { DeviceStatus } from '../shared/device-status.js';
import type { SessionContext } from './session-context.js';
import type { SessionRecords } from './session-records.js';
import { unlinked, UnlinkedLooks } from './unlinked-looks.js';
import type { AttachedClient } from './whatsapp/attached-client.js';
import type { BroughtUp } from './whatsapp/bring-up.js';
import type { PageState } from './whatsapp/page-state.js';
import { WorkerFailure } from './worker-failure.js';

/**
 * Brings back a stored login: one attempt, in one worker life. How many attempts there are, and what comes after
 * the last, is the supervisor's business. It can't show a QR; when WhatsApp says that the device isn't linked, the
 * attempt has failed.
 */
export class SessionRestoreHandler {
  readonly #context: SessionContext;
  readonly #records: SessionRecords;
  readonly #looks = new UnlinkedLooks();

  constructor(context: SessionContext, records: SessionRecords) {
    this.#context = context;
    this.#records = records;
  }

  readonly waitsForPerson = (): boolean => false;

  /** WhatsApp says that this page isn't linked, though there is a stored login. */
  onUnpaired(): WorkerFailure {
    return unlinked();
  }

  /**
   * Called with each look at a page that comes up.
   *
   * @throws WorkerFailure of class AUTH when WhatsApp says that it isn't linked.
   */
  onState(state: PageState): void {
    this.#looks.take(state);
  }

  /**
   * @throws WorkerFailure with the class of what went wrong; the login is untouched.
   */
  async run(client: AttachedClient, bringUp: () => Promise<BroughtUp>): Promise<BroughtUp> {
    const { assignment, output, timeline } = this.#context;
    const before = await this.#records.status();
    this.#announce(before);
    let told = -1;
    const tellProgress = (percent: number): void => {
      if (percent === told) return;
      told = percent;
      output.log.info(`Restore Progress: ${percent}%`);
    };
    client.on('loading_screen', (percent) => tellProgress(Number(percent)));
    client.once('authenticated', () => void this.#noteAuthenticated());
    try {
      const broughtUp = await bringUp();
      tellProgress(100);
      this.#noteRestored(broughtUp, before.restoreCount);
      output.banner('DEVICE REACTIVATED - BOT READY TO SERVE!', [
        `Account:  +${assignment.account}`,
        `Duration: ${timeline.elapsedMs} ms (${assignment.rung})`,
      ]);
      return broughtUp;
    } catch (error) {
      if (error instanceof WorkerFailure) await this.#noteFailed(error);
      throw error;
    }
  }

  /** Nobody waits for the disk: the records keep their order by themselves, and a sync costs as much as the injection. */
  #announce(before: DeviceStatus): void {
    const { assignment, output } = this.#context;
    void this.#records.update({
      state: 'restoring',
      isActive: false,
      restoreStatus: 'authenticating',
      restoreMode: assignment.rung,
      workerPid: process.pid,
      browserPid: assignment.browser.pid,
      reason: null,
      userAction: null,
    });
    output.banner('SESSION RESTORE - REACTIVATING DEVICE', [
      `Master account:  +${assignment.account}`,
      `Attempt:         ${assignment.attempt}/${assignment.maxAttempts}`,
      `Previous status: ${describeBefore(before)}`,
      `Last activity:   ${before.lastConnected === null ? 'unknown' : `${before.lastConnected} (connected)`}`,
    ]);
  }

  async #noteAuthenticated(): Promise<void> {
    const { assignment, timeline } = this.#context;
    await this.#records.note({
      eventType: 'restore_authenticated',
      attempt: assignment.attempt,
      duration: timeline.elapsedMs,
    });
  }

  #noteRestored({ state, healed }: BroughtUp, earlierRestores: number): void {
    const { assignment, timeline } = this.#context;
    void this.#records.noteListening({
      lastRestoreTime: new Date().toISOString(),
      restoreCount: earlierRestores + 1,
      restoreStatus: 'fully_reactivated',
      restoreDuration: timeline.elapsedMs,
      waVersion: state.waVersion,
    });
    void this.#records.note({
      eventType: 'restore_complete',
      status: 'fully_reactivated',
      attempt: assignment.attempt,
      duration: timeline.elapsedMs,
      mode: assignment.rung,
      healed,
    });
  }

  async #noteFailed(failure: WorkerFailure): Promise<void> {
    const { assignment, output } = this.#context;
    await this.#records.update({
      isActive: false,
      restoreStatus: 'failed',
      reason: failure.message,
      userAction: failure.userAction,
    });
    if (failure.class !== 'AUTH') return;
    await this.#records.note({
      eventType: 'restore_auth_failed',
      attempt: assignment.attempt,
      status: failure.message,
    });
    if (assignment.attempt < assignment.maxAttempts) return;
    await this.#records.note({ eventType: 'fresh_auth_requested', attempt: assignment.attempt });
    output.banner('SESSION REACTIVATION FAILED - REQUESTING FRESH AUTH', [
      `Account: +${assignment.account}`,
      `Reason:  ${failure.message} (${assignment.attempt} of ${assignment.maxAttempts} attempts)`,
    ]);
  }
}

/** A status that was never written, or was rebuilt from nothing, says nothing about the device. */
function describeBefore({ updatedAt, deviceLinked, reason, state }: DeviceStatus): string {
  if (updatedAt === null) return 'unknown';
  return `${deviceLinked ? 'linked' : 'not linked'} (${reason ?? state})`;
}
