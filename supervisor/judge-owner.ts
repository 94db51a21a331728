/** What a file system says of a file or folder that holds logins or a token. */
export interface Ownership {
  readonly owner: number;
  /** With its permissions in the last nine bits. */
  readonly mode: number;
}

/**
 * `fine`; `exposed`: other users can write there, and so change what wasup will trust; `foreign`: it belongs to another ordinary user, who
 * can do that at any time.
 */
export type OwnerVerdict = 'fine' | 'exposed' | 'foreign';

/**
 * Judges who can change a file or folder behind wasup's back. What belongs to root is as safe as root itself; folders that a container is given
 * often do. Pure.
 *
 * @param self this process' user; undefined where the system has no such numbers.
 */
export function judgeOwner({ owner, mode }: Ownership, self: number | undefined): OwnerVerdict {
  if (self === undefined) return 'fine';
  if (owner !== self && owner !== 0) return 'foreign';
  return (mode & othersMayWrite) === 0 ? 'fine' : 'exposed';
}

/** All but the owner and its group: a group is how a container shares a folder on purpose. */
const othersMayWrite = 0o002;
