import { listMissed, type Missed, type MissedChat } from '../../../worker/whatsapp/read-missed.js';
import type { AttachedPage } from './attached-page.js';

/** More than there are messages. */
const everything = 1_000_000;
const timeoutMs = 60_000;

export function list({ page }: AttachedPage, since: number, limit = everything): Promise<Missed> {
  return listMissed(page, since, limit, timeoutMs);
}

export function chatOf({ chats }: Missed, name: string): MissedChat | undefined {
  return chats.find(({ chat }) => chat === name);
}

export function seconds(): number {
  return Math.floor(Date.now() / 1_000);
}
