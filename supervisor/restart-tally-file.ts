import { z } from 'zod';

import { type JsonFileKind, readJsonFile } from '../shared/files/json-file.js';
import { writeFileAtomically } from '../shared/files/write-file-atomically.js';
import { failureClasses } from '../shared/protocol/messages.js';
import { closedBreaker } from './breaker.js';
import { emptyTally, readmit, type Tally } from './restart-tally.js';

const wallTime = z.number().nonnegative();
const count = z.strictObject({ count: z.int().nonnegative(), lastAt: wallTime });
const breaker = z.strictObject({
  state: z.enum(['closed', 'open', 'half-open']),
  failures: z.array(wallTime),
  trips: z.int().nonnegative(),
  until: wallTime,
});
const schema = z.strictObject({
  failures: z.record(z.enum(failureClasses), count),
  // Earlier versions had none.
  breaker: breaker.default(closedBreaker as z.infer<typeof breaker>),
  unpaired: z.string().nullable(),
  logins: z.array(wallTime),
  links: z.array(wallTime),
});

const kind: JsonFileKind<Tally> = {
  create: emptyTally,
  salvage(content) {
    const parsed = schema.safeParse(content);
    if (parsed.success) return { value: parsed.data, damage: undefined };
    // Whether the login was found unpaired is what must not be lost: without it a dead login is tried again.
    const { data: unpaired } = z.object({ unpaired: z.string().nullable() }).safeParse(content);
    return { value: { ...emptyTally(), unpaired: unpaired?.unpaired ?? null }, damage: z.prettifyError(parsed.error) };
  },
};

/**
 * What earlier supervisors have counted; nothing when there is no file. A damaged one is set aside, and counting begins anew.
 *
 * @throws WasupError when the file can't be read for reasons of the machine.
 */
export async function readTally(path: string, now: Date): Promise<{ tally: Tally; repaired: string | undefined }> {
  const { value, repaired } = await readJsonFile(path, kind, now);
  return { tally: readmit(value, now.getTime()), repaired };
}

/** @throws WasupError when the file can't be written. */
export async function writeTally(path: string, tally: Tally): Promise<void> {
  await writeFileAtomically(path, `${JSON.stringify(tally, null, 2)}\n`);
}
