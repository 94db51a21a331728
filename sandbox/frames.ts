import type { WebSocket } from 'ws';
import { z } from 'zod';
import type { SyncConditions, DeviceState } from './conditions.js';
import type { DeliveredEvent } from './events.js';

const keys = z.object({ noise: z.string(), identity: z.string(), adv: z.string() });

/** What a page sends. */
export const pageFrame = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('login'),
    credentials: z.object({ deviceId: z.number(), token: z.string() }).nullable(),
    keys,
    pageId: z.string(),
    living: z.boolean(),
    /** What the page was asked to do with its socket before it came. */
    asked: z.enum(['takeover', 'reconnect']).optional(),
  }),
  z.object({ type: z.literal('request'), id: z.number(), name: z.string(), body: z.unknown() }),
  z.object({ type: z.literal('stored'), ids: z.array(z.number()) }),
  z.object({ type: z.literal('linked') }),
  z.object({ type: z.literal('synced') }),
  z.object({ type: z.literal('refresh-refs') }),
  z.object({ type: z.literal('qr-read') }),
]);
export type PageFrame = z.output<typeof pageFrame>;
export type DeviceKeys = z.output<typeof keys>;

export interface RequestError {
  status: number;
  message: string;
}

/** What the server sends. */
export type ServerFrame =
  | { type: 'ref'; ref: string }
  | { type: 'refs-spent' }
  /** The phone has scanned, or the login takes its time. */
  | { type: 'pairing' }
  | { type: 'credentials'; deviceId: number; token: string; me: string }
  | {
      type: 'welcome';
      me: string;
      pushname: string;
      platform: string;
      events: DeliveredEvent[];
      sync: SyncConditions;
      /** Milliseconds since 1970, by the server's clock. */
      now: number;
    }
  | { type: 'event'; event: DeliveredEvent }
  | { type: 'response'; id: number; body?: unknown; error?: RequestError }
  | { type: 'sync-release' }
  | { type: 'state'; state: DeviceState }
  /** The device is not linked any more. */
  | { type: 'refused' }
  | { type: 'unlinked' }
  | { type: 'replaced' };

/** Hands on each frame of this kind. Whoever sends something else has it told, and its socket closed. */
export function readFrames<Schema extends z.ZodType>(
  socket: WebSocket,
  schema: Schema,
  { take, complain }: { take: (frame: z.output<Schema>) => void; complain: (words: string) => void },
): void {
  socket.on('message', (data: Buffer) => {
    if (socket.readyState !== socket.OPEN) return;
    const text = data.toString();
    const frame = schema.safeParse(parseJson(text));
    if (frame.success) {
      take(frame.data);
    } else {
      complain(`This is no frame that the sandbox knows: ${text.slice(0, 200)} (${z.prettifyError(frame.error)})`);
      socket.close(notUnderstood);
    }
  });
}

/** WebSocket's code for data that don't fit. */
const notUnderstood = 1007;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
