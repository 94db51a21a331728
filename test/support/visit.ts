import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { BrowserProcess } from '../../supervisor/browser/browser-process.js';
import { until } from './until.js';

/** Keeps something where WhatsApp keeps its login; the title says so only when the disk has it. */
const keep = `
  const opening = indexedDB.open('wasup');
  opening.onupgradeneeded = () => opening.result.createObjectStore('kept');
  opening.onsuccess = () => {
    const transaction = opening.result.transaction('kept', 'readwrite', { durability: 'strict' });
    const store = transaction.objectStore('kept');
    const kept = store.get('login');
    kept.onsuccess = () => store.put('a login', 'login');
    transaction.oncomplete = () => { document.title = 'kept: ' + kept.result; };
  };`;

/** Begins two transactions in one database, writes in both, and ends neither. */
export const beginTwice = `
  const opening = indexedDB.open('busy');
  const names = ['one', 'two'];
  opening.onupgradeneeded = () => names.forEach((name) => opening.result.createObjectStore(name));
  opening.onsuccess = () => {
    let begun = 0;
    for (const name of names) {
      const store = opening.result.transaction(name, 'readwrite').objectStore(name);
      const goOn = () => { store.get('it').onsuccess = goOn; };
      store.put('x'.repeat(100_000), 'it').onsuccess = () => {
        begun += 1;
        if (begun === names.length) document.title = 'kept: nothing yet';
        goOn();
      };
    }
  };`;

/** Opens a page that keeps something in its storage, and resolves with what it says of it: by default, what it had kept before. */
export async function visit({ switchboard }: BrowserProcess, folder: string, script = keep): Promise<string> {
  const path = join(folder, 'page.html');
  await writeFile(path, `<script>${script}</script>`);
  await switchboard.send('Target.createTarget', { url: `file://${path}` });
  return until(
    async () => {
      const { targetInfos } = (await switchboard.send('Target.getTargets')) as { targetInfos: { title: string }[] };
      return targetInfos.map(({ title }) => title).find((title) => title.startsWith('kept: '));
    },
    { expectation: () => 'the page' },
  );
}
