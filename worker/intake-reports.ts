import type { Alert } from '../shared/alerts.js';
import { describeError, describeStack } from '../shared/errors.js';
import type { Rebuilt } from '../shared/inbox/inbox.js';
import type { InboxMessage } from '../shared/inbox/inbox-message.js';
import { describeCatchUpFailure } from './catch-up.js';
import { journalAction } from './explain-arrival-fault.js';
import type { SessionContext } from './session-context.js';
import { textOfWid } from './whatsapp/text-of-wid.js';

/** The names that people know for WhatsApp's message types. Others are shown as WhatsApp names them. */
const messageTypeNames: Record<string, string> = { chat: 'text', ptt: 'voice', vcard: 'contact' };

/** So many in a row, and somebody has to know. */
export const catchUpFailuresToTell = 3;

/** What people are told of messages: in the log, and where they have to know, as an alert. */
export class IntakeReports {
  readonly #context: SessionContext;
  #hasHandled = false;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  arrival(row: InboxMessage): void {
    const { type, sender, cutFrom } = describe(row);
    this.#context.output.log.info(`[MESSAGE] MESSAGE_TYPE: ${messageTypeNames[type] ?? type} - From: +${sender}`);
    if (cutFrom === undefined) return;
    this.#context.output.log.warn(
      `The message of +${sender} is larger (${cutFrom} characters) than what is kept of one: previews, and the ends of ` +
        'its longest texts and lists, are missing. Media can be downloaded as ever.',
    );
  }

  /** The bot has dealt with a message: the supervisor hears of the first. */
  handled(): void {
    if (this.#hasHandled) return;
    this.#hasHandled = true;
    const { supervisor, assignment } = this.#context;
    void supervisor.send({ type: 'handled', incarnation: assignment.incarnation });
  }

  /** The bot has failed on a message; `row` is what becomes of it. */
  failure(row: InboxMessage, error: unknown): void {
    const { sender } = describe(row);
    const { attempts } = this.#context.assignment.handling;
    const where = describeStack(error);
    const seconds = Math.max(0, Math.round(((row.nextAt ?? 0) - Date.now()) / 1_000));
    const next =
      row.nextAt === null ? 'It is parked.' : `Again in ${seconds} s (attempt ${row.attempts + 1} of ${attempts}).`;
    this.#context.output.log.error(`The bot failed on a message of +${sender}: ${where}\n${next}`);
  }

  parked(row: InboxMessage): void {
    const { account } = this.#context.assignment;
    this.alert({
      kind: 'message-parked',
      sentence: `A message of +${describe(row).sender} is parked: ${row.error ?? 'the bot has failed on it'}.`,
      action: `See "wasup messages ${account}"; when the bot can deal with it: wasup messages ${account} replay ${row.id}`,
    });
  }

  forgotten(deadLetters: number): void {
    const what = deadLetters === 1 ? 'A dead letter is' : `${deadLetters} dead letters are`;
    this.#context.output.log.warn(
      `${what} older than WASUP_INBOX_RETENTION_MS, and forgotten: they can't be given to the bot again.`,
    );
  }

  unwritable(error: unknown): void {
    this.alert({
      kind: 'inbox-unwritable',
      sentence: `Incoming messages can't be journaled (${describeError(error)}); they are handled from memory, and nothing is lost while this worker lives.`,
      action: journalAction(error, this.#context.paths.directory),
    });
  }

  /** Two addresses are one person's, and what waits under one of them could not be moved to the other. */
  unjoined(error: unknown): void {
    this.#context.output.log.warn(
      `Two chats of one person could not be joined (${describeError(error)}); each is handled in its own order until then.`,
    );
  }

  saved(messages: number): void {
    const words = messages === 1 ? '1 message is' : `${messages} messages are`;
    this.#context.output.log.info(`inbox.db can be written again; ${words} in it now.`);
  }

  rebuilt({ aside, messages, isComplete, error }: Rebuilt): void {
    this.alert({
      kind: 'inbox-damaged',
      sentence:
        `The journal of incoming messages was damaged (${describeError(error)}) and is kept as ${aside}; a new one has the ` +
        `${messages} messages that could be read of it${isComplete ? '' : '. What had come in the last minutes may be handled twice'}.`,
      action: null,
    });
  }

  /** @param times how often in a row. */
  catchUpFailure(error: unknown, times: number): void {
    this.#context.output.log.warn(describeCatchUpFailure(error));
    if (times !== catchUpFailuresToTell) return;
    this.alert({
      kind: 'catch-up-failing',
      sentence: `What came while nobody listened can't be fetched (${describeError(error)}); what comes now is handled.`,
      action: 'wasup goes on trying. If it lasts, restart the account; nothing is skipped until it works.',
    });
  }

  alert(alert: Alert): void {
    const { supervisor, assignment } = this.#context;
    void supervisor.send({ type: 'alert', incarnation: assignment.incarnation, ...alert });
  }
}

function describe({ raw, chat }: InboxMessage): { type: string; sender: string; cutFrom: number | undefined } {
  const { type, author, from, wasupCutFrom } = parsed(raw);
  const sender = [author, from, chat].map((wid) => textOfWid(wid)).find((text) => text !== undefined);
  return {
    type: typeof type === 'string' ? type : 'unknown',
    sender: sender?.split('@')[0]?.split(':')[0] ?? 'unknown',
    cutFrom: typeof wasupCutFrom === 'number' ? wasupCutFrom : undefined,
  };
}

/** Of a damaged one nothing is known. */
function parsed(raw: string | null): Record<string, unknown> {
  try {
    return JSON.parse(raw ?? '{}') as Record<string, unknown>;
  } catch {
    return {};
  }
}
