import type { Socket } from 'node:net';

import type { Bot } from '../bot/define-bot.js';
import { describeError } from '../shared/errors.js';
import type { DeviceStatus } from '../shared/device-status.js';
import { withDeadline } from '../shared/with-deadline.js';
import { classifyFailure } from './classify-failure.js';
import { DeviceLinker } from './device-linker.js';
import { followDocuments } from './follow-documents.js';
import { MessageIntake } from './message-intake.js';
import type { SessionContext } from './session-context.js';
import { SessionFaults } from './session-faults.js';
import { SessionRecords } from './session-records.js';
import { SessionRestoreHandler } from './session-restore-handler.js';
import { AttachedClient } from './whatsapp/attached-client.js';
import { bringUp, type BroughtUp } from './whatsapp/bring-up.js';
import { connectToBrowser } from './whatsapp/connect-browser.js';
import type { Client } from './whatsapp/library.js';
import { StoredLoginStrategy } from './whatsapp/stored-login-strategy.js';
import { WorkerFailure } from './worker-failure.js';

/** How long a bot's `setup` may take. Nothing listens before it has ended. */
const botSetupTimeoutMs = 30_000;
/** A person who watches a long start is told this often where it is. */
const progressIntervalMs = 5_000;

export type StopReason = 'asked' | 'supervisor-gone';

/** Without a supervisor nobody else writes the end down: the browser goes with it, too. */
const lastWords: Record<StopReason, Partial<DeviceStatus>> = {
  asked: { state: 'stopping' },
  'supervisor-gone': {
    state: 'stopped',
    browserPid: null,
    reason: 'The supervisor has gone without a stop',
    userAction: 'Start wasup again, if nothing does so by itself.',
  },
};

/** What a running session can be asked. */
export interface Session {
  readonly lastMessageAt: string | null;
  /** Resolves when the account's files are written as far as they are to be. */
  settled(): Promise<void>;
  /** Stops taking messages, lets running handlers end within the deadline, and lets go of the browser. */
  stop(deadlineMs: number, why: StopReason): Promise<void>;
}

/**
 * One worker life: attach to the browser, restore or link, listen. The two operations are different classes, and
 * which one runs was decided before this worker touched the browser.
 *
 * @param onFault called once, with what ends this life.
 */
export function startSession(
  context: SessionContext,
  bot: Bot,
  line: Socket,
  onFault: (thrown: unknown) => void,
): Session {
  const { assignment, output, timeline } = context;
  const { log } = output;
  const { deadlines, incarnation } = assignment;
  const records = new SessionRecords(context.paths, assignment.account, log);
  const faults = new SessionFaults();
  const stopping = new AbortController();
  const intake = new MessageIntake(context, bot, stopping.signal);
  let disconnect = (): Promise<void> => Promise.resolve();

  // A fault during the start also rejects `run`, after what it means has been written to the account's files.
  run()
    .then(() => faults.occurred.catch(noteLogout))
    .catch((thrown: unknown) => {
      if (!stopping.signal.aborted) onFault(thrown);
    });

  return {
    get lastMessageAt() {
      return intake.lastMessageAt;
    },
    settled: () => records.settled(),
    async stop(deadlineMs, why) {
      timeline.enter('stopping');
      stopping.abort();
      await Promise.race([intake.idle(), new Promise((resolve) => setTimeout(resolve, deadlineMs).unref())]);
      await records.update({ isActive: false, workerPid: null, ...lastWords[why] });
      await disconnect();
    },
  };

  async function run(): Promise<void> {
    const progress = setInterval(() => {
      const seconds = Math.round(timeline.elapsedMs / 1_000);
      if (!['listening', 'linking', 'stopping'].includes(timeline.phase))
        log.info(`Still ${timeline.phase} after ${seconds} s…`);
    }, progressIntervalMs).unref();
    faults.occurred.catch(() => clearInterval(progress));
    timeline.enter('attaching');
    const { browser, page } = await connectToBrowser(line, assignment.browser.idBase);
    disconnect = () => browser.disconnect();
    faults.watchBrowser(browser, page);

    const operation =
      assignment.mode === 'restore'
        ? new SessionRestoreHandler(context, records)
        : new DeviceLinker(context, records, (failure) => faults.report(failure));
    const strategy = new StoredLoginStrategy(assignment.mode, () => {
      const failure = operation.onUnpaired();
      if (failure !== undefined) faults.report(failure);
    });
    const client = new AttachedClient({ incarnation, strategy, authTimeoutMs: deadlines.authTimeoutMs, log });
    intake.listen(client);
    faults.watchClient(client);
    await setUpBot(client);

    const broughtUp = await operation.run(client, async () => {
      timeline.enter('loading');
      await client.open(browser, page, deadlines.pageLoadTimeoutMs).catch((error: unknown) => {
        throw pageLoadFailure(error);
      });
      timeline.enter('connecting');
      const result = await followDocuments({
        client,
        bringUp: (replaced) => bringUpIn(client, operation, replaced),
        onReloaded: () => {
          log.info('WhatsApp Web reloaded its page; attaching again.');
          timeline.restart('connecting');
          void records.update({ isActive: false, state: 'restoring', reason: 'WhatsApp Web reloaded its page' });
        },
        onListeningAgain: (again) => {
          void records.noteListening({ waVersion: again.state.waVersion });
          void announceListening(again);
        },
        onFault: (thrown) => faults.report(thrown),
      });
      refuseWrongNumber(result);
      return result;
    });
    await announceListening(broughtUp);
    client.on('change_state', (state: string) => reportTransport(state));
  }

  function bringUpIn(
    client: AttachedClient,
    operation: SessionRestoreHandler | DeviceLinker,
    replaced: Promise<never>,
  ): Promise<BroughtUp> {
    return bringUp({
      client,
      incarnation,
      authTimeoutMs: deadlines.authTimeoutMs,
      syncTimeoutMs: deadlines.syncTimeoutMs,
      probeTimeoutMs: deadlines.probeTimeoutMs,
      log,
      abandoned: Promise.race([faults.occurred, replaced]),
      waitsForPerson: operation.waitsForPerson,
      onPhase: (phase) => timeline.enter(phase),
      onState: (state) => {
        if (operation instanceof DeviceLinker) operation.onState(client, state);
      },
    });
  }

  async function setUpBot(client: AttachedClient): Promise<void> {
    if (bot.setup === undefined) return;
    try {
      const setup = Promise.resolve(
        bot.setup(client as unknown as Client, {
          account: assignment.account,
          log: context.botLog,
          signal: stopping.signal,
        }),
      );
      await withDeadline(setup, botSetupTimeoutMs, 'It');
    } catch (error) {
      throw new WorkerFailure('BUG', `The bot's setup() has failed (${describeError(error)})`, { cause: error });
    }
  }

  /** For a session that has listened; a restore that finds the device unlinked says so in its own words. */
  async function noteLogout(thrown: unknown): Promise<never> {
    const failure = classifyFailure(thrown);
    if (failure.class === 'AUTH') await records.note({ eventType: 'device_logged_out', reason: failure.message });
    throw failure;
  }

  async function announceListening({ state, healed }: BroughtUp): Promise<void> {
    timeline.enter('listening');
    log.debug({ phases: timeline.durationsMs }, `Listening after ${timeline.elapsedMs} ms.`);
    await context.supervisor.send({
      type: 'listening',
      incarnation,
      mode: assignment.mode,
      rung: assignment.rung,
      durationMs: timeline.elapsedMs,
      waVersion: state.waVersion ?? 'unknown',
      identity: state.identity ?? assignment.account,
      healed,
    });
  }

  /** Somebody scanned with another phone: messages of one customer would be answered by another's bot. */
  function refuseWrongNumber({ state }: BroughtUp): void {
    if (state.identity === null || state.identityIsLid || state.identity === assignment.account) return;
    throw new WorkerFailure(
      'CONFIGURATION',
      `This session belongs to +${state.identity}, but it is configured for +${assignment.account}`,
      {
        userAction: `Set WASUP_ACCOUNTS=${state.identity}, or unlink this device on that phone and link the right one.`,
      },
    );
  }

  function reportTransport(state: string): void {
    // A page that is coming up again isn't listening because its socket is there.
    if (timeline.phase !== 'listening') return;
    const connected = state === 'CONNECTED';
    void context.supervisor.send({ type: 'transport', incarnation, connected, state });
    if (connected) void records.noteListening();
    else {
      const reason = `The connection to WhatsApp is away (${state})`;
      void records.update({ isActive: false, state: 'degraded', reason });
    }
  }
}

/** Whatever keeps a page from loading is the network's fault, unless the browser itself is gone. */
function pageLoadFailure(error: unknown): WorkerFailure {
  const failure = classifyFailure(error);
  if (failure.class === 'LOCAL') return failure;
  return new WorkerFailure('NETWORK', `WhatsApp Web could not be loaded (${failure.message})`, { cause: error });
}
