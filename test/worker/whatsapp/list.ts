import { listMissed, type MissedChat, type StepBounds } from '../../../worker/whatsapp/read-missed.js';
import type { AttachedPage } from './attached-page.js';

const timeoutMs = 60_000;

export interface Missed {
  readonly chats: readonly MissedChat[];
}

export async function list(
  { page }: AttachedPage,
  since: number,
  ownSince: number | null = null,
  bounds?: StepBounds,
): Promise<Missed> {
  return { chats: await listMissed(page, since, ownSince, timeoutMs, bounds) };
}

export function chatOf({ chats }: Missed, name: string): MissedChat | undefined {
  return chats.find(({ chat }) => chat === name);
}

export function seconds(): number {
  return Math.floor(Date.now() / 1_000);
}
