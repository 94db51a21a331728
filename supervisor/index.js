#!/usr/bin/env node
// `node supervisor` and `npx wasup`: the entry of a built checkout.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

// What the supervisor makes lives for moments (a message, a frame of a browser) or for as long as it does. Without this V8 answers the
// loading of some hundred modules with 32 MB for young objects, and keeps them: 5 MB and more that are never needed again. A V8 that
// knows better takes no notice of it.
setFlagsFromString('--semi-space-growth-factor=1');

const built = new URL('../dist/supervisor/main.js', import.meta.url);
if (existsSync(fileURLToPath(built))) {
  await import(built.href);
} else {
  process.stderr.write('wasup: this checkout is not built.\n  What to do: run `npm ci`, or `npm run build`.\n');
  process.exitCode = 78;
}
