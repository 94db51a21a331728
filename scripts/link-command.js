// Makes `npx wasup` work inside this checkout. A `bin` in package.json would not: npx then installs the checkout into a
// cache of its own first (a build of many seconds, at the first call), instead of running what is here.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const directory = new URL('../node_modules/.bin/', import.meta.url);
mkdirSync(directory, { recursive: true });

if (process.platform === 'win32') {
  writeFileSync(new URL('wasup.cmd', directory), '@node "%~dp0\\..\\..\\supervisor\\index.js" %*\r\n');
} else {
  const link = fileURLToPath(new URL('wasup', directory));
  rmSync(link, { force: true });
  symlinkSync('../../supervisor/index.js', link);
}
