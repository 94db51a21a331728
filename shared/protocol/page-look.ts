import { z } from 'zod';

/**
 * What the half of wasup that lives in the page says of it, asked by the supervisor before a worker is given the page: the worker that put
 * it there may be dead.
 */
export const pageLookSchema = z.object({
  /** Of the half in the page; see `Hello.pageHalf`. */
  version: z.string(),
  /** The worker life whose listeners are attached; null when none are. */
  incarnation: z.number().int().nullable(),
  /** `Socket.state` of WhatsApp Web. */
  socket: z.string().nullable(),
  hasSynced: z.boolean(),
  /** Whether the library's half is there. */
  utilities: z.boolean(),
  /** The linked number, or WhatsApp's internal id of it; null when the page isn't linked. */
  identity: z.string().nullable(),
});
export type PageLook = z.infer<typeof pageLookSchema>;

/** Evaluated in the page: gives a {@link PageLook}, or undefined in a page that nothing of ours is in. */
export const pageLookExpression = 'window.wasup?.look?.()';
