/**
 * Who a command belongs to is told by its id alone. The supervisor's own commands use the top of the range (ids are 32-bit
 * integers in Chromium); each client gets a block below it, a new one for every client, so that a late answer to an earlier
 * client's command is recognised.
 */
export const firstOwnId = 1_900_000_000;

const lastOwnId = 2 ** 31 - 1;

/** Ids in a client's block. A client that needs more begins its block again (see the worker's `commandIdGenerator`). */
export const idsPerClient = 1_000_000;

const lastIdBase = firstOwnId - idsPerClient;

/** The id after `id` in the supervisor's own range. */
export function nextOwnId(id: number): number {
  return id >= lastOwnId ? firstOwnId : id + 1;
}

/** The block after `idBase`. After 1,899 clients it begins again; nothing of the first ones is left by then. */
export function nextIdBlock(idBase: number): number {
  return idBase >= lastIdBase ? idsPerClient : idBase + idsPerClient;
}

/** @throws RangeError if the block that begins at `idBase` isn't wholly below the supervisor's own range. */
export function assertIdBase(idBase: number): void {
  if (Number.isInteger(idBase) && idBase > 0 && idBase <= lastIdBase) return;
  throw new RangeError(`idBase must be an integer from 1 to ${lastIdBase}, not ${idBase}.`);
}
