import { readFileSync } from 'node:fs';

/** The version of this wasup, as its package says it; it is above the sources, and above the built files. */
export function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    const manifest = readManifest(new URL(path, import.meta.url));
    if (manifest?.name === 'wasup' && typeof manifest.version === 'string') return manifest.version;
  }
  return 'unknown';
}

function readManifest(url: URL): { readonly name?: unknown; readonly version?: unknown } | undefined {
  try {
    return JSON.parse(readFileSync(url, 'utf8')) as { name?: unknown; version?: unknown };
  } catch {
    return undefined;
  }
}
