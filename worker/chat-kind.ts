import type { Bot } from '../bot/define-bot.js';

/**
 * Which kind of chat a message is in: somebody who writes to the account or to its group; or posts to many, to which an answer is a post of
 * one's own: everybody's status updates, a broadcast list, a channel.
 */
export type ChatKind = 'conversation' | 'status' | 'broadcast' | 'channel';

/** @param chat its address. */
export function chatKind(chat: string): ChatKind {
  if (chat === 'status@broadcast') return 'status';
  if (chat.endsWith('@broadcast')) return 'broadcast';
  return chat.endsWith('@newsletter') ? 'channel' : 'conversation';
}

/** Whether a bot has asked for what comes in such chats. Conversations are what a bot is for. */
export function isHandled(kind: ChatKind, { handles = {} }: Bot): boolean {
  switch (kind) {
    case 'conversation':
      return true;
    case 'status':
      return handles.status === true;
    case 'broadcast':
      return handles.broadcasts === true;
    case 'channel':
      return handles.channels === true;
  }
}
