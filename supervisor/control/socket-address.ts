import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';

/** `sun_path` of a Unix socket has 108 bytes, with the zero at its end. Whatever is longer is cut off, silently. */
const longestSocketPathBytes = 107;

export const controlSocketName = '.wasup.sock';

/** Where the supervisor of a sessions folder can be spoken to. */
export function controlSocketPath(sessionsDirectory: string): string {
  return join(sessionsDirectory, controlSocketName);
}

/** A folder whose sockets can be bound and connected to, however long its path is. */
export interface SocketFolder {
  /** What to hand to `listen` or `connect` for the socket of this name; good until `close`. */
  address(name: string): string;
  close(): void;
}

/**
 * @param longestName of the sockets that will be asked for.
 * @param platform this system; tests say another.
 * @throws Error (ENOENT, EACCES, …) when the folder can't be opened, or when its path is too long for this system.
 */
export function openSocketFolder(
  directory: string,
  longestName: string,
  platform: NodeJS.Platform = process.platform,
): SocketFolder {
  const bytes = Buffer.byteLength(join(directory, longestName));
  if (bytes <= longestSocketPathBytes) {
    return { address: (name) => join(directory, name), close: () => undefined };
  }
  if (platform !== 'linux') {
    throw new Error(
      `the path of a socket there has ${bytes} bytes, and ${longestSocketPathBytes} is the most; use a shorter folder`,
    );
  }
  // The kernel finds the folder by its open handle, which has a short name.
  const handle = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  return { address: (name) => `/proc/self/fd/${handle}/${name}`, close: () => closeSync(handle) };
}
