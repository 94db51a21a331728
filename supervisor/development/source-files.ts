import { isAbsolute, relative, sep } from 'node:path';

/** A folder whose sources are watched. */
export interface SourceFolder {
  readonly path: string;
  /** With the folders in it, or the files that lie in it directly. */
  readonly isDeep: boolean;
}

/**
 * Whether a file's change can change what runs, for the folders that are watched. What editors keep beside a file while it is being
 * written has a name that begins with a dot, or an ending of its own. Pure.
 */
export function isSource(file: string, folders: readonly SourceFolder[]): boolean {
  return sourceNames.test(file) && folders.some((folder) => holds(folder, file));
}

/**
 * Whether nothing at or below this path is of interest: then it isn't even looked at. Pure.
 *
 * @param except a folder whose files are none of anybody's sources, wherever it lies.
 */
export function isOffLimits(path: string, folders: readonly SourceFolder[], except?: string): boolean {
  if (except !== undefined && (path === except || path.startsWith(`${except}${sep}`))) return true;
  return !folders.some((folder) => holds(folder, path));
}

/** What Node loads, and what bots keep their settings in. */
const sourceNames = /\.([cm]?[jt]s|json|node|wasm)$/;
/** Logins, status files and histories change all the time; the others are made by tools. */
const foreignFolders = ['node_modules', 'sessions', 'dist', 'coverage'];

function holds({ path: folder, isDeep }: SourceFolder, path: string): boolean {
  // Relative to the folder that was asked for: a checkout may itself lie below one that is called `dist`.
  const inside = relative(folder, path);
  if (inside === '') return true;
  const names = inside.split(sep);
  if (names[0] === '..' || isAbsolute(inside)) return false;
  if (!isDeep && names.length > 1) return false;
  return !names.some((name) => name.startsWith('.') || foreignFolders.includes(name));
}
