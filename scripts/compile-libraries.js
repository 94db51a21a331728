// Part of `npm run build`: keeps what V8 makes of the browser libraries, so that workers start without making it again.
import { renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { loadWithCode, serializeCode } from '../dist/worker/whatsapp/compiled-code.js';

const path = fileURLToPath(new URL('../dist/worker/whatsapp/libraries.code', import.meta.url));
const require = createRequire(import.meta.url);
const modules = [];

loadWithCode(
  new Map(),
  () => ['puppeteer', 'whatsapp-web.js'].map((name) => require(name)),
  (module) => modules.push(module),
);
// Never a half-written one for a worker that starts meanwhile.
writeFileSync(`${path}.unfinished`, serializeCode(modules));
renameSync(`${path}.unfinished`, path);
