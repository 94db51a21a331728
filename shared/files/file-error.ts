import { dirname } from 'node:path';
import { WasupError, describeError } from '../errors.js';
import { supervisorExitCodes } from '../exit-codes.js';

/** Turns what the file system threw into an error that names the file, the reason and the remedy. */
export function fileError(verb: 'read' | 'write' | 'move', path: string, cause: unknown): WasupError {
  if (cause instanceof WasupError) return cause;
  const code = (cause as Partial<NodeJS.ErrnoException> | undefined)?.code;
  const folder = dirname(path);
  const known = code === undefined ? undefined : reasons(folder)[code];
  const [reason, remedy] = known ?? [describeError(cause), `Look at ${folder} and the disk that it is on.`];
  // Space and descriptors come back while a process runs; permissions and mounts need a person.
  const passes = code !== undefined && ['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EIO'].includes(code);
  const exitCode = passes ? supervisorExitCodes.unavailable : supervisorExitCodes.configuration;
  return new WasupError(`Cannot ${verb} ${path}: ${reason}`, { remedy, exitCode, cause });
}

function reasons(folder: string): Readonly<Record<string, readonly [reason: string, remedy: string]>> {
  const who = process.getuid === undefined ? 'the user who runs wasup' : `user ${process.getuid()}`;
  const openFiles = 'Raise the limit of open files (ulimit -n), or stop what holds so many.';
  const permission = ['permission denied', `Give ${who} the folder ${folder}: chown -R, then chmod -R u+rwX.`] as const;
  return {
    ENOSPC: ['the disk is full', `Free space on the disk of ${folder}; wasup goes on by itself.`],
    EDQUOT: ['the disk quota is used up', `Free space in ${folder} or raise the quota; wasup goes on by itself.`],
    EROFS: [
      'the file system is read-only',
      `Mount ${folder} writable, or set WASUP_SESSIONS_DIR to a folder that is. A disk that turned read-only may be failing.`,
    ],
    EACCES: permission,
    EPERM: permission,
    EBUSY: ["it is a mount of its own, which can't be replaced", `Mount the whole folder ${folder} instead.`],
    EXDEV: [
      'its new place is on another disk',
      `Have everything in ${folder} on one disk: mount that folder, not parts of it.`,
    ],
    EEXIST: ['a file is in the place of a folder', `Look at ${folder} and move that file away.`],
    EISDIR: ['a folder is in its place', 'Move that folder away.'],
    ELOOP: ['a symbolic link is in its place', 'Remove that link.'],
    ENOTDIR: ['a part of the path is a file, not a folder', 'Move that file away, or set WASUP_SESSIONS_DIR.'],
    EMFILE: ['this process has too many open files', openFiles],
    ENFILE: ['this machine has too many open files', openFiles],
  };
}
