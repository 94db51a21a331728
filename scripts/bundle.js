// Part of `npm run build`: supervisor and worker become a file each, with what they load while they start, over the compiler's main.js.
// Hundreds of small modules cost a start more than anything that it does: a supervisor has loaded in a third of the time. What is
// loaded on demand stays out of that file; what a bot shares with us (whatsapp-web.js, puppeteer) stays where both find it.
import { readFile } from 'node:fs/promises';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const rooms = ['supervisor', 'worker', 'shared'];

/** Loaded through `require` or on demand, and not needed by a start. */
const external = [
  'whatsapp-web.js',
  'puppeteer',
  'pino-pretty',
  'qrcode',
  // Of fastify, and not used here.
  '@fastify/ajv-compiler',
  '@fastify/fast-json-stringify-compiler',
  'light-my-request',
  // From the rooms' first level, where those who open this door are.
  '../sandbox/*',
];

/** A supervisor that runs loads parts of its own build when they are needed. */
const keepChunksMs = 90 * 24 * 60 * 60 * 1_000;

for (const room of ['supervisor', 'worker']) await bundle(room);

async function bundle(room) {
  const folder = join(root, 'dist', room);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(room, 'main.ts')],
    outdir: folder,
    bundle: true,
    splitting: true,
    // Beside main.js: paths that are relative to a module hold for all of them.
    chunkNames: 'chunk-[hash]',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external,
    // CommonJS packages ask for Node's own modules.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    plugins: [ownModules(folder)],
  });
  removeOldChunks(folder, new Set(Object.keys(metafile.outputs).map((path) => basename(path))));
}

/** Lets a module keep its address, and take of zod what it uses: all languages of its messages are three quarters of it. */
function ownModules(folder) {
  return {
    name: 'own-modules',
    setup({ onLoad }) {
      const filter = new RegExp(`^${escape(root)}(?:${rooms.join('|')})/.*\\.ts$`);
      onLoad({ filter }, async ({ path }) => {
        const built = join(root, 'dist', relative(root, path)).replace(/\.ts$/, '.js');
        const address = JSON.stringify(relative(folder, built));
        const text = await readFile(path, 'utf8');
        return {
          contents: text
            .replaceAll('import.meta.url', `new URL(${address}, import.meta.url).href`)
            .replace("import { z } from 'zod'", "import * as z from 'zod'"),
          loader: 'ts',
        };
      });
    },
  };
}

function removeOldChunks(folder, current) {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith('chunk-') || current.has(name)) continue;
    const path = join(folder, name);
    if (Date.now() - statSync(path).mtimeMs > keepChunksMs) rmSync(path);
  }
}

function escape(text) {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
