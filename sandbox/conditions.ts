import { z } from 'zod';

const milliseconds = z.number().int().min(0).max(3_600_000);

export const syncConditions = z
  .strictObject({
    /** The sync of a page takes this long, whether or not somebody listens. */
    delayMs: milliseconds.optional(),
    /** The sync doesn't end until `release()`. */
    withhold: z.boolean().optional(),
    /** The sync ends at once at page load, before any library can attach its listener. */
    beforeListener: z.boolean().optional(),
    /** The sync advances step by step, one in so many milliseconds (at least 1); what else is given comes after the last step. */
    progressEveryMs: milliseconds.min(1).optional(),
    /** How many steps it takes (1 to 100, by default 10), each an equal part of the percentage. Needs `progressEveryMs`. */
    steps: z.number().int().min(1).max(100).optional(),
  })
  .refine(({ progressEveryMs, steps }) => steps === undefined || progressEveryMs !== undefined, {
    path: ['steps'],
    message: 'steps need progressEveryMs, the time that each of them takes',
  });
export type SyncConditions = z.output<typeof syncConditions>;

export const networkConditions = z.strictObject({
  /** Added to every frame, each way. */
  latencyMs: milliseconds.optional(),
  /** Sockets are dropped and refused until `cut: false`. */
  cut: z.boolean().optional(),
});
export type NetworkConditions = z.output<typeof networkConditions>;

const howMany = z.union([z.boolean(), z.number().int().min(0)]);
export const pageLoadConditions = z.strictObject({
  /** The next loads (a number of them, or all until `false`) fail with ERR_CONNECTION_REFUSED. */
  refuse: howMany.optional(),
  /** The next loads get no answer until `stall: false`. */
  stall: howMany.optional(),
  /** The next loads get the page, but not its script, until `stallScript: false`: the document is there and never finished. */
  stallScript: howMany.optional(),
  /** The next loads get an empty page, without WhatsApp in it. */
  blank: howMany.optional(),
});
export type PageLoadConditions = z.output<typeof pageLoadConditions>;

export const moduleConditions = z.strictObject({
  /** What pages that load from now on don't find any more, as after an update of WhatsApp; an empty list brings all back. */
  missing: z.array(z.string().min(1)),
  /** On each page only so many requests for each of them fail (1 to 1000); without it all do. */
  times: z.number().int().min(1).max(1000).optional(),
});
export type ModuleConditions = z.output<typeof moduleConditions>;

export const deviceStates = [
  'CONFLICT',
  'TOS_BLOCK',
  'SMB_TOS_BLOCK',
  'PROXYBLOCK',
  'DEPRECATED_VERSION',
  'OPENING',
  'TIMEOUT',
  'CONNECTED',
  'UNPAIRED_IDLE',
] as const;
export const deviceState = z.enum(deviceStates);
export type DeviceState = z.output<typeof deviceState>;
