import type { Socket } from 'node:net';

import type { Bot } from '../bot/define-bot.js';
import { describeError } from '../shared/errors.js';
import type { DeviceStatus } from '../shared/device-status.js';
import type { WorkerPhase } from '../shared/protocol/messages.js';
import { hasRoom, roomAction } from '../shared/files/has-room.js';
import { isSameNumber } from '../shared/same-number.js';
import { within } from '../shared/within.js';
import { withDeadline } from '../shared/with-deadline.js';
import { classifyFailure } from './classify-failure.js';
import { DeviceLinker } from './device-linker.js';
import { explainIncompatible } from './explain-incompatible.js';
import { followDocuments } from './follow-documents.js';
import { explainBacklog } from './judge-backlog.js';
import type { ProbeResult } from './listening-probe.js';
import { MessageIntake } from './message-intake.js';
import { obeyUnlink } from './obey-unlink.js';
import { pageLoadFailure, PageUpkeep } from './page-upkeep.js';
import type { InboxCounts } from '../shared/inbox/inbox-message.js';
import type { SessionContext } from './session-context.js';
import { SessionHealth } from './session-health.js';
import { SessionFaults } from './session-faults.js';
import { SessionRecords } from './session-records.js';
import { SessionRestoreHandler } from './session-restore-handler.js';
import { AttachedClient } from './whatsapp/attached-client.js';
import { bringUp, type BroughtUp } from './whatsapp/bring-up.js';
import { connectToBrowser } from './whatsapp/connect-browser.js';
import { type Browser, type Client, libraryVersion, type Page } from './whatsapp/library.js';
import { unlinkDevice } from './whatsapp/page-actions.js';
import { PageEvidence } from './whatsapp/page-evidence.js';
import { StoredLoginStrategy } from './whatsapp/stored-login-strategy.js';
import { WorkerFailure } from './worker-failure.js';

/** How long a bot's `setup` may take. Nothing listens before it has ended. */
const botSetupTimeoutMs = 30_000;
/** A person who watches a long start is told this often where it is. */
const progressIntervalMs = 5_000;
/** A page that doesn't say so soon that it holds its messages back isn't one that the next worker takes over. */
const holdTimeoutMs = 3_000;

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
  /** Messages in the inbox that are not done with. */
  readonly inbox: InboxCounts;
  /** The newest look at the page while it listened. */
  readonly lastProbe: ProbeResult | null;
  /** Resolves when the account's files are written as far as they are to be. */
  settled(): Promise<void>;
  /** A fault ends this life: nothing more is handed to the bot. */
  noteFault(failure: WorkerFailure): void;
  /** It is replaced for its memory: what its handlers can't end before {@link stop} does is held against them. */
  noteOverMemory(): void;
  /**
   * After a fault: lets handlers that are about to end do so within the grace, and leaves the rest to the next life, as
   * what it died over.
   */
  leaveMessages(graceMs: number, options: { readonly isFault: boolean }): Promise<void>;
  /** The bot ends the process, in this moment. */
  noteExit(code: number): void;
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
  const { assignment, attempts, output, timeline } = context;
  const { log } = output;
  const { deadlines, incarnation } = assignment;
  const records = new SessionRecords(context.paths, assignment.account, log, {
    onAlert: (alert) => void context.supervisor.send({ type: 'alert', incarnation, ...alert }),
    verifyIntervalMs: deadlines.probeIntervalMs,
  });
  const takesOver = assignment.rung === 'hot';
  const faults = new SessionFaults();
  const stopping = new AbortController();
  const intake = new MessageIntake(context, bot, stopping.signal, async () => {
    const { linkedAt } = await records.status();
    return linkedAt === null ? undefined : Date.parse(linkedAt) / 1_000;
  });
  const evidence = new PageEvidence();
  const health = new SessionHealth({
    onChange(impairment, connection) {
      void context.supervisor.send({ type: 'health', incarnation, connection, impairment });
      void records.noteImpairment(impairment);
    },
    onPause(isPaused) {
      if (isPaused) intake.noteLoss(health.has('storage') ? undefined : 'connection');
      // One that comes up again gives the bot what waits when it listens.
      else if (timeline.phase === 'listening') void intake.resume();
    },
  });
  let upkeep: PageUpkeep | undefined;
  let disconnect = (): Promise<void> => Promise.resolve();
  let client: AttachedClient | undefined;
  let noteFirstListening: (() => void) | undefined;

  // Also where a stop comes first: what has died is no less dead.
  faults.occurred.catch((failure: unknown) => intake.noteFault(classifyFailure(failure).lost));
  // A fault during the start also rejects `run`, after what it means has been written to the account's files.
  run()
    .then(() => faults.occurred.catch(async (thrown: unknown) => noteLogout(await explain(thrown))))
    .catch((thrown: unknown) => {
      if (!stopping.signal.aborted) onFault(thrown);
    });

  return {
    get lastMessageAt() {
      return intake.lastMessageAt;
    },
    get inbox() {
      return intake.counts;
    },
    get lastProbe() {
      return upkeep?.lastProbe ?? null;
    },
    settled: () => records.settled(),
    noteFault: (failure) => intake.noteFault(failure.lost),
    noteOverMemory: () => intake.noteFault('memory'),
    leaveMessages: (graceMs, { isFault }) => intake.stop(graceMs, { isFault }),
    noteExit: (code) => intake.noteExit(code),
    async stop(deadlineMs, why) {
      const listened = timeline.phase === 'listening';
      timeline.enter('stopping');
      upkeep?.stop();
      const isHandedOver = listened && why === 'asked';
      if (isHandedOver) await soon(client?.hold());
      stopping.abort();
      await intake.stop(deadlineMs);
      const words = lastWords[why];
      await records.update({ isActive: false, workerPid: null, ...words });
      if (why === 'supervisor-gone' && listened) {
        await records.note({ eventType: 'session_down', class: 'LOCAL', reason: words.reason ?? undefined });
      }
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
    timeline.reach('browser');
    disconnect = () => browser.disconnect();
    faults.watchBrowser(browser, page);

    const operation =
      assignment.mode === 'restore'
        ? new SessionRestoreHandler(context, records)
        : new DeviceLinker(context, records, {
            fail: (failure) => faults.report(failure),
            onLinked: () => intake.noteLinked(),
          });
    const strategy = new StoredLoginStrategy(assignment.mode, () => {
      const failure = operation.onUnpaired();
      if (failure !== undefined) faults.report(failure);
    });
    const attached = new AttachedClient({
      incarnation,
      strategy,
      authTimeoutMs: deadlines.authTimeoutMs,
      evidence,
      log,
      onDropped: () => intake.noteGap(),
    });
    client = attached;
    intake.listen(attached);
    const pageUpkeep = new PageUpkeep({
      context,
      client: attached,
      records,
      health,
      fail: (thrown) => faults.report(thrown),
      onLoss: () => intake.noteLoss('connection'),
      onLost: () => void intake.catchUp(),
    });
    upkeep = pageUpkeep;
    watchIntake(pageUpkeep);
    context.supervisor.on('unlink', () => void obeyUnlink(() => unlinkDevice(attached.page), assignment.account, log));
    await Promise.race([setUpBot(attached), faults.occurred]);

    await operation.run(attached, async () => {
      try {
        // A navigation in a page that has crashed would end at its deadline only.
        const comingUp = openAndBringUp(attached, operation, pageUpkeep, { browser, page });
        const broughtUp = await Promise.race([comingUp, faults.occurred]);
        // In this document, or in one that has taken its place meanwhile.
        const listens = new Promise<void>((resolve) => (noteFirstListening = resolve));
        void announceListening(broughtUp, pageUpkeep);
        await Promise.race([listens, faults.occurred]);
        return broughtUp;
      } catch (error) {
        throw await explain(error);
      }
    });
    pageUpkeep.start();
  }

  function watchIntake(pageUpkeep: PageUpkeep): void {
    intake.watchFault((fault) => {
      if (fault === undefined) health.clear('intake');
      else health.note('intake', fault.reason, fault.userAction);
    });
    intake.watchBacklog((backlog) => {
      if (backlog === undefined) health.clear('backlog');
      else health.note('backlog', ...explainBacklog(backlog, assignment.handling.waitMs));
    });
    intake.watchCatchUp((failure) => {
      if (failure === undefined) health.clear('catch-up');
      else health.note('catch-up', `What came while nobody listened can't be fetched (${failure})`);
    });
    intake.watchSends({
      onPageError: () => pageUpkeep.hurry(),
      onFault(error, step) {
        const reason = `The page refuses the bot's answers, whatever the message (${error})`;
        health.note('sends', reason, null);
        // What waits is not tried in this page any more.
        intake.noteLoss();
        if (step === 'reload' && pageUpkeep.healByReload(reason)) return;
        faults.report(new WorkerFailure('LOCAL', `${reason}, and loading the page anew has not helped`));
      },
      onOver: () => health.clear('sends'),
    });
  }

  async function openAndBringUp(
    client: AttachedClient,
    operation: SessionRestoreHandler | DeviceLinker,
    pageUpkeep: PageUpkeep,
    { browser, page }: { browser: Browser; page: Page },
  ): Promise<BroughtUp> {
    if (takesOver) await client.attach(browser, page, deadlines.probeTimeoutMs);
    else {
      timeline.enter('loading');
      await client.open(browser, page, deadlines.pageLoadTimeoutMs).catch((error: unknown) => {
        throw pageLoadFailure(error);
      });
    }
    return followDocuments({
      client,
      async bringUp(replaced) {
        // The page that was taken over; what comes after it begins from nothing.
        const isFirst = takesOver && client.document === 0;
        if (!isFirst) intake.noteLoss('page');
        const result = await bringUpIn(client, operation, pageUpkeep, { isFirst, replaced });
        refuseWrongNumber(result);
        // What has waited in a page that is taken over comes first: mostly it is all that was missed.
        if (!isFirst || intake.isBehind) await Promise.race([catchUp(), replaced, faults.occurred]);
        return result;
      },
      onReloaded: () => pageUpkeep.noteReload(),
      reload: (failure) => {
        log.warn(`${failure.message}; loading the page anew.`);
        return pageUpkeep.reloadOnce(failure.message);
      },
      onListeningAgain: (again) => void announceListening(again, pageUpkeep),
      onFault: (thrown) => faults.report(thrown),
    });
  }

  async function bringUpIn(
    client: AttachedClient,
    operation: SessionRestoreHandler | DeviceLinker,
    pageUpkeep: PageUpkeep,
    { isFirst, replaced }: { isFirst: boolean; replaced: Promise<never> },
  ): Promise<BroughtUp> {
    pageUpkeep.beginDocument();
    timeline.fallBackTo('page');
    timeline.reach('page');
    enter(isFirst ? 'verifying' : 'starting');
    const stopWatching = evidence.watchPage(client.page);
    try {
      return await bringUp({
        client,
        takesOver: isFirst,
        incarnation,
        authTimeoutMs: deadlines.authTimeoutMs,
        syncTimeoutMs: deadlines.syncTimeoutMs,
        probeTimeoutMs: deadlines.probeTimeoutMs,
        log,
        evidence,
        abandoned: Promise.race([faults.occurred, replaced]),
        waitsForPerson: operation.waitsForPerson,
        connectsWithoutDeadline: () => pageUpkeep.isAway,
        onProgress: (milestone, phase) => {
          timeline.reach(milestone);
          enter(phase);
        },
        onState: (state) => {
          attempts.waVersion = state.waVersion ?? attempts.waVersion;
          operation.onState(state);
          pageUpkeep.onStateWhileComingUp(state);
        },
      });
    } finally {
      stopWatching();
    }
  }

  /** A session that is being stopped stays in that phase, whatever goes on in its page. */
  function enter(phase: WorkerPhase): void {
    if (!stopping.signal.aborted) timeline.enter(phase);
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
  async function noteLogout(failure: WorkerFailure): Promise<never> {
    if (failure.class === 'AUTH') await records.note({ eventType: 'device_logged_out', reason: failure.message });
    throw failure;
  }

  /** What a person reads of a WhatsApp Web that the library doesn't know needs the versions of both. */
  async function explain(thrown: unknown): Promise<WorkerFailure> {
    const failure = classifyFailure(thrown);
    if (failure.class === 'AUTH') return believe(failure);
    if (failure.class !== 'INCOMPATIBLE') return failure;
    attempts.waVersion ??= (await upkeep?.readVersion()) ?? null;
    const { waVersion: lastWorking } = await records.status();
    return explainIncompatible(failure, { whatsApp: attempts.waVersion, lastWorking, library: libraryVersion });
  }

  /** A page that can't open its storage shows itself as not linked, while the login lies there. */
  async function believe(failure: WorkerFailure): Promise<WorkerFailure> {
    const { profile } = context.paths;
    const impaired = await upkeep?.findStorageFailure();
    if (impaired !== undefined) return new WorkerFailure('LOCAL', `${failure.message}; ${impaired.message}`);
    if (await hasRoom(profile)) return failure;
    const reason = `${failure.message}, while the disk of ${profile} has no room, so that the login may not have been read`;
    return new WorkerFailure('LOCAL', reason, { cause: failure, userAction: roomAction(profile) });
  }

  /** Before anything is handed to the bot: what was missed comes before what comes now. */
  async function catchUp(): Promise<void> {
    enter('catching-up');
    attempts.messagesCaughtUp = await intake.catchUpInTime();
  }

  async function announceListening({ state, healed }: BroughtUp, pageUpkeep: PageUpkeep): Promise<void> {
    timeline.reach('caughtUp');
    // The supervisor counts this life as one that has taken the page, and expects its heartbeats, before the bot gets
    // its first message.
    enter('listening');
    const document = client?.document;
    client?.release();
    if (!health.isPaused) intake.open();
    // The message that ended the last worker may end this one, and the page may have no storage: it listens when
    // neither is so.
    await Promise.all([intake.firstGiven(), pageUpkeep.lookAtStorage()]);
    if (timeline.phase !== 'listening' || client?.document !== document) return;
    log.debug({ phases: timeline.durationsMs }, `Listening after ${timeline.elapsedMs} ms.`);
    const told = context.supervisor.send({
      type: 'listening',
      incarnation,
      mode: assignment.mode,
      rung: assignment.rung,
      durationMs: timeline.elapsedMs,
      waVersion: state.waVersion ?? 'unknown',
      identity: state.identity ?? assignment.account,
      healed,
    });
    if (noteFirstListening === undefined) void records.noteListening({ waVersion: state.waVersion });
    noteFirstListening?.();
    noteFirstListening = undefined;
    if (intake.isDue && !health.isPaused) attempts.messagesCaughtUp = await intake.catchUpInTime();
    await told;
    await attempts.succeed(healed);
  }

  /** Somebody scanned with another phone: messages of one customer would be answered by another's bot. */
  function refuseWrongNumber({ state }: BroughtUp): void {
    if (state.identity === null || state.identityIsLid || isSameNumber(state.identity, assignment.account)) return;
    intake.discard();
    throw new WorkerFailure(
      'CONFIGURATION',
      `This session belongs to +${state.identity}, but it is configured for +${assignment.account}`,
      {
        userAction:
          `If +${state.identity} is the one you mean, rename session-${assignment.account} to session-${state.identity} and set ` +
          `WASUP_ACCOUNTS=${state.identity}. Or unlink this device on that phone, restart wasup, and scan with the right one.`,
      },
    );
  }
}

/** The page is no reason to stay: who comes next looks at it for itself. */
async function soon(step: Promise<unknown> | undefined): Promise<void> {
  if (step !== undefined) await within(step, holdTimeoutMs).catch(() => false);
}
