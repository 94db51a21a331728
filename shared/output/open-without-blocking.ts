import { constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';

/** Sockets that put their descriptor into its mode; closed, they would close it. */
const keptSockets: Socket[] = [];

/**
 * A descriptor for what this one leads to, on which a write that would have to wait fails with EAGAIN instead. Terminals and pipes are opened
 * once more, so that nothing else that writes there notices; a socket, which can't be, changes its mode. A regular file never waits for a
 * reader. Where a terminal can't be opened again, which needs its permission, it stays as it is.
 */
export function openWithoutBlocking(descriptor: number): number {
  try {
    const stats = fstatSync(descriptor);
    if (isatty(descriptor)) {
      return reopen(`/proc/self/fd/${descriptor}`) ?? reopenOwnTerminal(stats.rdev) ?? descriptor;
    }
    if (stats.isFIFO()) return reopen(`/proc/self/fd/${descriptor}`) ?? changeMode(descriptor);
    if (stats.isSocket()) return changeMode(descriptor);
  } catch {
    // A descriptor that isn't there: each write says so.
  }
  return descriptor;
}

function reopen(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}

/** After `su` and `sudo` the terminal is another user's; the process that it controls may open it under this name all the same. */
function reopenOwnTerminal(device: number): number | undefined {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const controlling = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[4]);
    return controlling === device ? reopen('/dev/tty') : undefined;
  } catch {
    return undefined;
  }
}

/** Node has no call for it; its own streams do it when they are made. */
function changeMode(descriptor: number): number {
  if (descriptor === 1) process.stdout.on('error', () => undefined);
  else if (descriptor === 2) process.stderr.on('error', () => undefined);
  else {
    const socket = new Socket({ fd: descriptor, readable: false, writable: true });
    socket.on('error', () => undefined);
    socket.unref();
    keptSockets.push(socket);
  }
  return descriptor;
}
