import { z } from 'zod';
import type { Account, SentMessage } from '../account.js';
import type { WireMessage } from '../messages.js';
import { formatKey } from '../messages.js';
import type { RequestHandler } from './index.js';
import { linkedAccount } from './linked-account.js';
import { RefusedRequest } from './refused-request.js';

const outgoing = z.looseObject({
  id: z.string(),
  chat: z.string(),
  /** The account's own lid in a chat that is addressed by one; it has none here. */
  from: z.string().nullish(),
  to: z.string(),
  type: z.string(),
  body: z.string().nullish(),
  t: z.number(),
});

const action = z.looseObject({ name: z.string() });
const named = z.object({ messageId: z.string() });
const reaction = z.object({ id: z.string(), parent: z.string(), text: z.string(), chat: z.string() });

const vote = z.object({
  id: z.string(),
  parent: z.string(),
  from: z.string(),
  optionIds: z.array(z.number()),
  t: z.number(),
});

export const messageRequests: Record<string, RequestHandler> = {
  sendMessage(body, context) {
    const { account, device } = linkedAccount(context);
    const { body: content, ...attributes } = outgoing.parse(body);
    const from = attributes.from ?? account.id;
    const message: WireMessage = { sequence: 0, ack: 0, ...attributes, from, body: content ?? '' };
    // The page sends again what it didn't see acknowledged.
    if (account.send(describeSent(message, account, context.world.media))) {
      account.deliver({ kind: 'message', message: { ...message, ack: 1 } }, device);
      if (account.automaticAck > 1) {
        const acknowledge = (ack: 2 | 3): void => context.world.phone(account.number).acknowledge(message.id, ack);
        setImmediate(() => {
          acknowledge(2);
          if (account.automaticAck > 2) acknowledge(3);
        });
      }
      context.world.changed();
    }
    return { t: message.t, ack: 1 };
  },

  editMessage(body, context) {
    const { account } = linkedAccount(context);
    const edit = z.object({ messageId: z.string(), body: z.string() }).parse(body);
    const message = findSent(account, edit.messageId);
    message.body = edit.body;
    message.editedAt = Math.floor(Date.now() / 1000);
    context.world.changed();
  },

  revokeMessage(body, context) {
    const { account } = linkedAccount(context);
    const { messageId } = named.parse(body);
    const message = account.sent.find(({ id }) => id === messageId);
    if (message) message.revoked = true;
    account.actions.push({ name: 'revoke', timestamp: Math.floor(Date.now() / 1000), messageId });
    context.world.changed();
  },

  messageInfo(body, context) {
    const { account } = linkedAccount(context);
    const { to, timestamp, ack } = findSent(account, named.parse(body).messageId);
    const receipt = [{ id: to, t: timestamp }];
    return { delivery: ack >= 2 ? receipt : [], read: ack >= 3 ? receipt : [] };
  },

  seen(body, context) {
    const { account } = linkedAccount(context);
    const { chat } = z.object({ chat: z.string() }).parse(body);
    account.noteSeen(chat);
    context.world.changed();
  },

  sendReaction(body, context) {
    const { account, device } = linkedAccount(context);
    const { parent, text, chat, id } = reaction.parse(body);
    const t = Math.floor(Date.now() / 1000);
    account.actions.push({ name: 'reaction', timestamp: t, messageId: parent, text, chat });
    account.deliver({ kind: 'reaction', reaction: { id, parent, from: account.id, text, t } }, device);
    context.world.changed();
  },

  sendVote(body, context) {
    const { account, device } = linkedAccount(context);
    const cast = vote.parse(body);
    account.actions.push({ name: 'vote', timestamp: cast.t, messageId: cast.parent, optionIds: cast.optionIds });
    account.deliver({ kind: 'vote', vote: cast }, device);
    context.world.changed();
  },

  action(body, context) {
    const { account } = linkedAccount(context);
    account.actions.push({ ...action.parse(body), timestamp: Math.floor(Date.now() / 1000) });
    context.world.changed();
  },
};

function findSent(account: Account, messageId: string): SentMessage {
  const message = account.sent.find(({ id }) => id === messageId);
  if (!message) throw new RefusedRequest(404, 'item-not-found');
  return message;
}

function describeSent(message: WireMessage, account: Account, media: ReadonlyMap<string, Buffer>): SentMessage {
  const quotedMessageId = quotedKey(message, account);
  const { caption, directPath, mimetype, filename, lat, lng, loc, size } = message;
  const data = typeof directPath === 'string' ? media.get(directPath) : undefined;
  return {
    id: message.id,
    to: message.chat,
    body: data ? text(caption) : message.body,
    type: message.type,
    ...(quotedMessageId !== undefined && { quotedMessageId }),
    mentions: Array.isArray(message['mentionedJidList']) ? message['mentionedJidList'].map(String) : [],
    timestamp: message.t,
    ack: 1,
    ...(data && {
      media: {
        mimetype: text(mimetype),
        size: typeof size === 'number' ? size : data.length,
        ...(typeof filename === 'string' && { filename }),
        data: data.toString('base64'),
      },
    }),
    ...(message.type === 'location' && {
      location: { latitude: Number(lat), longitude: Number(lng), ...(typeof loc === 'string' && { description: loc }) },
    }),
    raw: message,
  };
}

function quotedKey(message: WireMessage, account: Account): string | undefined {
  const { quotedStanzaID: id, quotedParticipant, quotedRemoteJid } = message;
  if (typeof id !== 'string' || typeof quotedParticipant !== 'string') return undefined;
  const remote = typeof quotedRemoteJid === 'string' ? quotedRemoteJid : message.chat;
  const fromMe = quotedParticipant === account.id;
  const isOfMany = remote.endsWith('@g.us') || remote.endsWith('@broadcast');
  return formatKey({ fromMe, remote, id, ...(isOfMany && { participant: quotedParticipant }) });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
