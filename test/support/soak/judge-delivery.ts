/** A message that somebody sent to the account. */
export interface Asked {
  readonly id: string;
  readonly chat: string;
  /** Ends with a number that grows from message to message; begins with `!ping` when an answer is due. */
  readonly body: string;
}

/** What the bot notes at the beginning of each handling. */
export interface Note {
  readonly id: string;
  readonly body: string;
  readonly attempt: number;
  readonly backfilled: boolean;
}

export interface Answer {
  readonly quotedMessageId?: string;
  readonly body: string;
}

export interface DeliveryVerdict {
  /** Bodies of messages that the bot has never had. */
  readonly lost: readonly string[];
  /** Bodies of pings with the answers that they got, where these aren't exactly the one. */
  readonly wronglyAnswered: readonly { readonly body: string; readonly answers: readonly string[] }[];
  /** Where a chat's messages were first handled in another order than they were sent in. */
  readonly outOfOrder: readonly { readonly chat: string; readonly body: string; readonly after: string }[];
}

/** Holds what was sent against what the bot noted and what WhatsApp got as answers. Pure. */
export function judgeDelivery(
  asked: readonly Asked[],
  notes: readonly Note[],
  answers: readonly Answer[],
): DeliveryVerdict {
  const handled = new Set(notes.map(({ body }) => body));
  const answersTo = new Map<string | undefined, string[]>();
  for (const { quotedMessageId, body } of answers) {
    const known = answersTo.get(quotedMessageId);
    if (known === undefined) answersTo.set(quotedMessageId, [body]);
    else known.push(body);
  }
  const chatOf = new Map(asked.map(({ body, chat }) => [body, chat]));
  const newest = new Map<string, string>();
  const outOfOrder: { chat: string; body: string; after: string }[] = [];
  for (const body of handled) {
    const chat = chatOf.get(body);
    if (chat === undefined) continue;
    const after = newest.get(chat);
    if (after !== undefined && numberOf(after) > numberOf(body)) outOfOrder.push({ chat, body, after });
    else newest.set(chat, body);
  }
  return {
    lost: asked.flatMap(({ body }) => (handled.has(body) ? [] : [body])),
    wronglyAnswered: asked
      .map(({ id, body }) => ({ body, answers: answersTo.get(id) ?? [] }))
      .filter(({ body, answers }) => answers.join('\n') !== expectedAnswer(body)),
    outOfOrder,
  };
}

/** Empty when there is none to be given. */
export function expectedAnswer(body: string): string {
  return isPing(body) ? body.replace('!ping', 'pong') : '';
}

export function isPing(body: string): boolean {
  return body.startsWith('!ping');
}

function numberOf(body: string): number {
  return Number(body.slice(body.lastIndexOf(' ') + 1));
}
