import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import type { ModuleConditions } from './conditions.js';

export interface PageConfiguration {
  pageId: string;
  version: string;
  build: string;
  socketTimeoutMs: number;
  modules: ModuleConditions;
}

export interface PageBundle {
  html: string;
  /** Names that `window.require` knows. */
  modules: string[];
  script(configuration: PageConfiguration): string;
}

const folder = fileURLToPath(new URL('page/', import.meta.url));

/** One script out of all files under page/: WhatsApp loads its modules in few bundles too, and one request is quick. */
export function readPage(): PageBundle {
  const files = ['core', 'modules'].flatMap((name) =>
    readdirSync(path.join(folder, name), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.js'))
      .sort()
      .map((file) => path.join(name, file)),
  );
  const [first, last] = [path.join('core', 'define.js'), path.join('core', 'start.js')];
  const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8');
  const middle = files.filter((file) => file !== first && file !== last).map(read);
  const modules = middle
    .flatMap((source) => [...source.matchAll(/^define\(\s*'([^']+)'/gm)].map((match) => match[1] ?? ''))
    .filter((name) => !name.startsWith('sandbox/'))
    .sort();
  const [head, body, tail] = [read(first), middle.join('\n'), read(last)];

  return {
    html: read('index.html'),
    modules,
    script: (configuration) =>
      `'use strict';\n(() => {\n${head}\n` +
      `define('sandbox/config', () => (${JSON.stringify(configuration)}));\n${body}\n${tail}\n})();\n`,
  };
}
