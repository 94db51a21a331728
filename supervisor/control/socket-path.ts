import { join } from 'node:path';

/** `sun_path` of a Unix socket has 108 bytes, with the zero at its end. */
export const longestSocketPathBytes = 107;

/** Where the supervisor of a sessions folder can be spoken to. */
export function controlSocketPath(sessionsDirectory: string): string {
  return join(sessionsDirectory, '.wasup.sock');
}
