import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path of the bot that comes with wasup: the built one, or its source in development. */
export function bundledBot(): string {
  const built = fileURLToPath(new URL('../bot/index.js', import.meta.url));
  return existsSync(built) ? built : fileURLToPath(new URL('../bot/index.ts', import.meta.url));
}
