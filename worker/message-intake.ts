import type { Bot } from '../bot/define-bot.js';
import { describeError } from '../shared/errors.js';
import { Inbox } from '../shared/inbox/inbox.js';
import type { InboxCounts } from '../shared/inbox/inbox-message.js';
import { isOwn, messageId } from '../shared/inbox/message-id.js';
import { within } from '../shared/within.js';
import { type ArrivalFault, Arrivals } from './arrivals.js';
import { BacklogWatch } from './backlog-watch.js';
import { BotCalls } from './bot-calls.js';
import { chatKind, isHandled } from './chat-kind.js';
import { CatchUp, CatchUpOvertaken } from './catch-up.js';
import type { Mortal } from './decide-handling.js';
import { slackSeconds } from './decide-since.js';
import { Dispatcher } from './dispatcher.js';
import { type ExplainedFault, explainArrivalFault } from './explain-arrival-fault.js';
import { Identity } from './identity.js';
import { catchUpFailuresToTell, IntakeReports } from './intake-reports.js';
import type { SendStep } from './judge-sends.js';
import type { Backlog } from './judge-backlog.js';
import { SendWatch } from './send-watch.js';
import type { SessionContext } from './session-context.js';
import type { AttachedClient } from './whatsapp/attached-client.js';
import type { Message } from './whatsapp/library.js';
import { textOfWid } from './whatsapp/text-of-wid.js';
import { listMissed, readModels } from './whatsapp/read-missed.js';
import { readWhatsAppTime } from './whatsapp/read-time.js';
import { takeAddresses } from './whatsapp/tell-addresses.js';
import { WhatsAppClock } from './whatsapp-clock.js';

/** What waits for the disk, and how far the mark has come, is written this often. */
const upkeepIntervalMs = 1_000;
/** A catch-up that didn't work is tried again after so long, and twice as long each time. */
const catchUpRetryMs = { first: 5_000, longest: 300_000 };
/** That somebody listens is noted this often. */
const hearingIntervalMs = 60_000;
/** Old messages are looked for this often, and forgotten in portions that nobody notices. */
const forgetIntervalMs = 600_000;
const forgottenAtOnce = 200;

/** Told of errors of the page by which answers fail. */
export interface SendObserver {
  /** One message has failed by an error of the page: a look at it may explain that. */
  onPageError(): void;
  /** Messages fail by it whatever they are, and this is to be done about the page. */
  onFault(error: string, step: SendStep['step']): void;
  /** Messages go out again. */
  onOver(): void;
}

/** What a worker life does with messages: into the inbox first, from there to the bot. */
export class MessageIntake {
  readonly #context: SessionContext;
  readonly #bot: Bot;
  readonly #stopping: AbortSignal;
  readonly #reports: IntakeReports;
  readonly #inbox: Inbox;
  #dispatcher: Dispatcher | undefined;
  #catchUp: CatchUp | undefined;
  #identity: Identity | undefined;
  /** Whether everything that came before has been journaled, so that the mark may follow what comes. */
  #isCaughtUp = false;
  /** How often nothing was heard for a while. */
  #losses = 0;
  /** How often that was when fetching was begun lastly. */
  #fetchedAt = -1;
  /** Whether the bot gets what comes. */
  #isOpen = false;
  #failures = 0;
  #hearingAt = 0;
  #newest = 0;
  #upkeep: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #forgetAt = 0;
  #sendObserver: SendObserver | undefined;
  #onCatchUp: (failure: string | undefined) => void = () => undefined;
  #fault: ExplainedFault | undefined;
  #onFault: (fault: ExplainedFault | undefined) => void = () => undefined;
  readonly #clock = new WhatsAppClock();
  readonly #arrivals: Arrivals;
  readonly #backlog: BacklogWatch;
  /** Whether the bot listens for messages of the account's own. */
  #wantsOwn = (): boolean => false;
  /** Seconds since messages began to concern the bot, where the inbox knows of nothing before. */
  #age: () => number;
  readonly #linkedAt: () => Promise<number | undefined>;
  /** Whether a fault ends this life. */
  #isFaulty = false;
  /** Where the inbox ended when this life began. */
  readonly #firstPlace: number;
  lastMessageAt: string | null = null;

  /** @param linkedAt when the device was linked, as the account's status has it, in seconds since 1970. */
  constructor(
    context: SessionContext,
    bot: Bot,
    stopping: AbortSignal,
    linkedAt: () => Promise<number | undefined> = () => Promise.resolve(undefined),
  ) {
    this.#context = context;
    this.#bot = bot;
    this.#stopping = stopping;
    this.#reports = new IntakeReports(context);
    this.#age = this.#clock.since();
    this.#linkedAt = linkedAt;
    this.#inbox = new Inbox({
      path: context.paths.inbox,
      now: Date.now,
      onTrouble: (error) => this.#reports.unwritable(error),
      onSaved: (messages) => this.#reports.saved(messages),
      onRebuilt: (rebuilt) => {
        this.#reports.rebuilt(rebuilt);
        this.#isCaughtUp = false;
        if (this.#isOpen) void this.catchUp();
      },
    });
    this.#firstPlace = this.#inbox.lastPlace;
    this.#backlog = new BacklogWatch(context.assignment.handling.waitMs, this.#clock);
    this.#arrivals = new Arrivals({
      inbox: this.#inbox,
      fresh: (arrived) => this.#identity?.fresh(arrived) ?? arrived,
      onChat: (chat) => this.#dispatcher?.noteChange(chat),
      onFault: (fault) => this.#noteFault(fault),
    });
  }

  /**
   * Why messages can't be taken in as they should, as a sentence without a full stop: the inbox throws what no trouble
   * of the disk explains. They are kept in memory meanwhile. Undefined when all is well.
   */
  get fault(): string | undefined {
    return this.#fault?.reason;
  }

  /** Calls back with each change of {@link fault}, and at once where there is one. */
  watchFault(onChange: (fault: ExplainedFault | undefined) => void): void {
    this.#onFault = onChange;
    if (this.#fault !== undefined) onChange(this.#fault);
  }

  /** Calls back when messages begin to wait for longer than they may, and when that is over. */
  watchBacklog(onChange: (backlog: Backlog | undefined) => void): void {
    this.#backlog.watch(onChange);
  }

  /** Calls back when what was missed can't be fetched, again and again, and when it could. */
  watchCatchUp(onChange: (failure: string | undefined) => void): void {
    this.#onCatchUp = onChange;
  }

  /** Calls back with what the page does about answers; see {@link SendWatch}. */
  watchSends(observer: SendObserver): void {
    this.#sendObserver = observer;
  }

  /** What has come in this life was for somebody else: another phone's session is in the page. */
  discard(): void {
    this.#arrivals.discard();
    this.#inbox.discard(this.#firstPlace);
  }

  /** Messages that the inbox has for the bot, by what has become of them. */
  get counts(): InboxCounts {
    this.#arrivals.journal();
    return this.#inbox.counts();
  }

  /** Whether something may have been missed that nobody has begun to fetch. */
  get isDue(): boolean {
    return !this.#isCaughtUp && this.#fetchedAt !== this.#losses;
  }

  /** Whether an earlier worker may have left something out, by what the inbox says. */
  get isBehind(): boolean {
    return this.#inbox.fact('behind') === 1;
  }

  /** The device has just been linked: what was there before is no concern of the bot's. */
  noteLinked(): void {
    this.#age = this.#clock.since();
    this.#catchUp?.noteBeginning();
  }

  /**
   * Takes what comes from the client, before any listener of the bot. Nothing is handed to the bot before {@link open}.
   */
  listen(client: AttachedClient): void {
    const { assignment, output, botLog } = this.#context;
    const { handling, deadlines } = assignment;
    const identity = new Identity({
      inbox: this.#inbox,
      isBusy: (chat) => this.#dispatcher?.isBusy(chat) === true,
      onMoved: (chats) => {
        for (const chat of chats) this.#dispatcher?.noteChange(chat);
      },
    });
    this.#identity = identity;
    const calls = new BotCalls({
      client,
      bot: this.#bot,
      identity,
      account: assignment.account,
      log: botLog,
      stopping: this.#stopping,
    });
    const sends = this.#watchSends();
    // WhatsApp's server has taken a message of this account.
    client.on('message_ack', ({ fromMe }: Message, ack: number) => {
      if (fromMe && ack === 1) sends.noteSuccess();
    });
    const dispatcher = new Dispatcher({
      inbox: this.#inbox,
      limits: handling,
      handle: (row, signal) => {
        if (row.attempts === 1 && !isOwn(row.id)) this.#reports.arrival(row);
        return calls.hand(row, signal).then(() => {
          if (row.error !== null) sends.noteSuccess();
        });
      },
      now: Date.now,
      chatOf: (chat) => identity.chatOf(chat),
      isToldTwice: (row) => identity.isToldTwice(row),
      isFaultOfPage: (row, error) => {
        const blamed = sends.noteFailure(row.id, error);
        dispatcher.revive(blamed.filter((id) => id !== row.id));
        return blamed.length > 0;
      },
      onFailed: (row, error) => this.#reports.failure(row, error),
      onDone: () => this.#reports.handled(),
      onParked: (row) => {
        calls.forget(row.id);
        this.#reports.parked(row);
      },
    });
    this.#dispatcher = dispatcher;
    this.#catchUp = new CatchUp({
      inbox: this.#inbox,
      identity,
      source: {
        time: () => readWhatsAppTime(client.page, deadlines.catchUpTimeoutMs),
        list: (since, ownSince) => listMissed(client.page, since, ownSince, deadlines.catchUpTimeoutMs),
        models: (ids) => readModels(client.page, ids, deadlines.catchUpTimeoutMs),
      },
      limits: handling,
      log: output.log,
      clock: this.#clock,
      now: Date.now,
      alert: (alert) => this.#reports.alert(alert),
      onChat: (chat) => dispatcher.noteChange(chat),
      wantsOwn: () => this.#wantsOwn(),
      age: () => this.#age(),
      linkedAt: () => this.#linkedAt(),
      losses: () => this.#losses,
    });
    dispatcher.recover();
    client.onIncoming(
      (message) => this.#take(message),
      () => this.#arrivals.taken,
    );
    client.onOwn((message) => this.#noteOwn(message));
    this.#wantsOwn = () => client.listenerCount('message_create') > 0;
    client.on('message_ciphertext', ({ timestamp }: Message) => this.#catchUp?.noteUndecrypted(timestamp));
    this.#upkeep = setInterval(() => this.#keepUp(), upkeepIntervalMs).unref();
  }

  #watchSends(): SendWatch {
    const inbox = this.#inbox;
    return new SendWatch({
      now: Date.now,
      lastStep() {
        const [error, step, at] = [inbox.fact('sendError'), inbox.fact('sendStep'), inbox.fact('sendStepAt')];
        if (error === undefined || at === undefined) return undefined;
        return { error, step: step === 1 ? 'reload' : 'fresh-browser', at };
      },
      noteStep({ error, step, at }) {
        inbox.set('sendError', error);
        inbox.set('sendStep', step === 'reload' ? 1 : 2);
        inbox.set('sendStepAt', at);
      },
      onPageError: () => this.#sendObserver?.onPageError(),
      onFault: (error, step) => this.#sendObserver?.onFault(error, step),
      onOver: () => this.#sendObserver?.onOver(),
    });
  }

  /** From now on the bot gets what waits. */
  open(): void {
    if (this.#stopping.aborted) return;
    this.#isOpen = true;
    this.#backlog.noteOpened();
    this.#dispatcher?.open();
    this.#lookForBacklog();
  }

  /**
   * Resolves when the bot has been given what waited and the event loop has turned since: a message that hangs it keeps
   * this from happening. A message with which a worker has died before is watched for a moment longer, or until it is
   * handled.
   */
  async firstGiven(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const { heartbeatIntervalMs } = this.#context.assignment.deadlines;
    await within(this.#dispatcher?.suspectsEnded() ?? Promise.resolve(), heartbeatIntervalMs);
  }

  /**
   * Nothing is heard of WhatsApp for now: what comes meanwhile has to be fetched, and is handled before what comes
   * afterwards.
   *
   * @param what has gone; left out where nothing of it may be held against what is running.
   */
  noteLoss(what?: Mortal): void {
    clearTimeout(this.#retry);
    this.#losses += 1;
    this.#isCaughtUp = false;
    this.#isOpen = false;
    this.#backlog.noteClosed();
    this.#inbox.set('behind', 1);
    this.#dispatcher?.close(what);
  }

  /**
   * Some of what the page had to say was not kept. The bot goes on with what comes, also while that lasts: what is
   * missing is fetched once no more goes for a moment.
   */
  noteGap(): void {
    if (!this.#isOpen) {
      this.noteLoss();
      return;
    }
    this.#losses += 1;
    this.#isCaughtUp = false;
    this.#inbox.set('behind', 1);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.catchUp(), catchUpRetryMs.first).unref();
  }

  /** This life ends by a fault: nothing more is begun. What is with its handlers may end until {@link stop}. */
  noteFault(died: Mortal): void {
    this.#isFaulty = true;
    this.#dispatcher?.close(died);
  }

  /** The bot ends the process, in this moment. */
  noteExit(code: number): void {
    this.#dispatcher?.noteExit(code);
    this.#inbox.close();
  }

  /** The same as {@link catchUp}, but for what takes longer than one step of it may: that goes on by itself. */
  async catchUpInTime(): Promise<number> {
    let added = 0;
    const caughtUp = this.catchUp().then((count) => void (added = count));
    await within(caughtUp, this.#context.assignment.deadlines.catchUpTimeoutMs);
    return added;
  }

  /**
   * The connection is back: fetches what came meanwhile, then hands over what waits. As at the start, what can't be
   * fetched in time keeps nothing else from the bot.
   */
  async resume(): Promise<void> {
    const losses = this.#losses;
    await this.catchUpInTime();
    if (losses === this.#losses) this.open();
  }

  /**
   * Fetches what came while nobody listened. What goes wrong is logged, and tried again by itself.
   *
   * @returns how many messages were new.
   */
  async catchUp(): Promise<number> {
    clearTimeout(this.#retry);
    if (this.#stopping.aborted || this.#catchUp === undefined) return 0;
    const losses = this.#losses;
    this.#fetchedAt = losses;
    this.#arrivals.journal();
    try {
      const added = await this.#catchUp.run();
      // Of what was lost meanwhile this round may have seen nothing.
      if (losses === this.#losses) this.#noteCaughtUp();
      return added;
    } catch (error) {
      // Whoever has noted the loss asks again when there is something to be read.
      if (this.#isStopping() || losses !== this.#losses || error instanceof CatchUpOvertaken) return 0;
      this.#retryLater(error);
      return 0;
    }
  }

  #noteCaughtUp(): void {
    this.#isCaughtUp = true;
    this.#failures = 0;
    this.#onCatchUp(undefined);
    this.#inbox.set('behind', undefined);
  }

  #retryLater(error: unknown): void {
    this.#failures += 1;
    this.#reports.catchUpFailure(error, this.#failures);
    if (this.#failures >= catchUpFailuresToTell) this.#onCatchUp(describeError(error));
    clearTimeout(this.#retry);
    const delay = Math.min(catchUpRetryMs.first * 2 ** (this.#failures - 1), catchUpRetryMs.longest);
    this.#retry = setTimeout(() => void this.catchUp(), delay).unref();
  }

  /**
   * Lets running handlers end within the deadline, and leaves the rest to the next worker. Nothing is journaled
   * afterwards.
   *
   * @param isFault whether they are left as what this life has died over; otherwise nothing is held against them.
   */
  async stop(deadlineMs: number, { isFault }: { readonly isFault?: boolean } = {}): Promise<void> {
    this.#dispatcher?.close();
    await within(this.#dispatcher?.idle() ?? Promise.resolve(), deadlineMs);
    this.leave({ isFault: isFault ?? this.#isFaulty });
  }

  /** The same, at once. */
  leave({ isFault }: { readonly isFault: boolean } = { isFault: false }): void {
    clearInterval(this.#upkeep);
    clearTimeout(this.#retry);
    this.#dispatcher?.close();
    this.#dispatcher?.abandon({ isFault });
    this.#arrivals.journal();
    this.#identity?.keep();
    this.#noteMark();
    this.#inbox.close();
  }

  #take(message: Message): boolean {
    const id = messageId(message.id);
    if (id === undefined) return false;
    const raw = (message as unknown as { rawData: object }).rawData;
    this.#learn(raw);
    const address = textOfWid((message.id as { remote?: unknown }).remote) ?? message.from;
    const chat = this.#identity?.chatOf(address) ?? address;
    // Left to the listeners, as plain whatsapp-web.js tells of it: the bot hasn't asked to have it handled.
    if (!isHandled(chatKind(chat), this.#bot)) return false;
    this.lastMessageAt = new Date().toISOString();
    // Seconds since 1970 are what the inbox orders by; a message without them has come now.
    const t = Number.isSafeInteger(message.timestamp) ? message.timestamp : Math.floor(this.#clock.now() / 1_000);
    const arrived = { id, chat, t, raw: JSON.stringify(raw) };
    this.#backlog.noteArrival(t);
    this.#newest = Math.max(this.#newest, arrived.t);
    this.#arrivals.take(arrived);
    return true;
  }

  #noteFault(fault: ArrivalFault | undefined): void {
    // The inbox has told of its own.
    if (this.#fault === undefined && fault?.isHeld === true) this.#reports.unwritable(fault.error);
    this.#fault = fault && explainArrivalFault(fault, this.#context.paths.directory);
    this.#onFault(this.#fault);
  }

  /** What goes wrong with the journal while two chats become one must not cost the message that has told of it. */
  #learn(model: object): void {
    try {
      this.#identity?.learn(takeAddresses(model));
    } catch (error) {
      this.#reports.unjoined(error);
    }
  }

  /**
   * The bot has heard of it as plain whatsapp-web.js tells of it. Where it listens for none, none are fetched either.
   */
  #noteOwn(message: Message): void {
    const id = messageId(message.id);
    if (id === undefined || !this.#wantsOwn()) return;
    this.#learn((message as unknown as { rawData: object }).rawData);
    const chat = textOfWid((message.id as { remote?: unknown }).remote) ?? message.to;
    const t = Number.isSafeInteger(message.timestamp) ? message.timestamp : Math.floor(this.#clock.now() / 1_000);
    try {
      this.#inbox.note({ id, chat, t });
    } catch (error) {
      // At worst the bot hears of it once more after the next start.
      this.#context.output.log.debug({ error: describeError(error) }, 'A message of the own account was not noted.');
    }
  }

  #lookForBacklog(): void {
    this.#backlog.look(this.#dispatcher?.waitedMs ?? 0);
  }

  #keepUp(): void {
    this.#arrivals.journal();
    this.#identity?.keep();
    this.#arrivals.retry();
    const isToSave = !this.#inbox.isSaved || this.#inbox.fault !== undefined;
    const isSaved = isToSave && this.#inbox.save();
    this.#arrivals.look();
    if (isSaved && !this.#isCaughtUp && this.#isOpen) void this.catchUp();
    this.#noteMark();
    this.#noteHearing();
    if (this.#inbox.hasChangedOutside()) {
      this.#identity?.recall();
      this.#dispatcher?.refresh();
    }
    this.#lookForBacklog();
    const { retentionMs, inboxMaxMb } = this.#context.assignment.handling;
    if (Date.now() < this.#forgetAt) return;
    const limits = {
      olderThan: Date.now() - retentionMs,
      maxBytes: inboxMaxMb * 1_000_000,
      askedSince: (this.#inbox.fact('mark') ?? 0) - slackSeconds,
      atOnce: forgottenAtOnce,
    };
    const { isMore, deadLetters } = this.#inbox.forget(limits);
    if (deadLetters > 0) this.#reports.forgotten(deadLetters);
    if (!isMore) this.#forgetAt = Date.now() + forgetIntervalMs;
  }

  #noteMark(): void {
    if (this.#isCaughtUp && this.#newest > 0 && !this.#arrivals.isHolding) this.#inbox.raise('mark', this.#newest);
  }

  #noteHearing(): void {
    if (!this.#isCaughtUp || !this.#isOpen || Date.now() < this.#hearingAt) return;
    this.#inbox.set('heard', Math.floor(this.#clock.now() / 1_000));
    this.#hearingAt = Date.now() + hearingIntervalMs;
  }

  #isStopping(): boolean {
    return this.#stopping.aborted;
  }
}
