#!/usr/bin/env node
// `node supervisor` and `npx wasup`: the entry of a built checkout.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const built = new URL('../dist/supervisor/main.js', import.meta.url);
if (existsSync(fileURLToPath(built))) {
  await import(built.href);
} else {
  process.stderr.write('wasup: this checkout is not built.\n  What to do: run `npm ci`, or `npm run build`.\n');
  process.exitCode = 78;
}
