// Part of `npm run build`: brings to dist/ what the compiler leaves behind, which is folders named `page` (what a browser
// loads). Copies only what changed, so that nobody reads a half-written file, and removes what is gone.
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

for (const room of ['supervisor', 'worker', 'shared', 'sandbox', 'bot']) {
  for (const folder of pageFolders(room)) mirror(join(root, folder), join(root, 'dist', folder));
}

/** Paths of the folders named `page` below a room, relative to the root. */
function pageFolders(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const path = join(folder, name);
      return name === 'page' ? [path] : pageFolders(path);
    });
}

function mirror(source, target) {
  mkdirSync(target, { recursive: true });
  const entries = readdirSync(source, { withFileTypes: true });
  const names = new Set(entries.map(({ name }) => name));
  for (const name of readdirSync(target)) {
    if (!names.has(name)) rmSync(join(target, name), { recursive: true });
  }
  for (const entry of entries) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) mirror(from, to);
    else if (isOutdated(from, to)) copyFileSync(from, to);
  }
}

function isOutdated(source, target) {
  const copy = statSync(target, { throwIfNoEntry: false });
  const original = statSync(source);
  return copy === undefined || copy.size !== original.size || copy.mtimeMs < original.mtimeMs;
}
