import { relative } from 'node:path';

const mostNamed = 3;

/** Files for one line of a log: the first of them by name, as seen from where the user is. Pure. */
export function describeFiles(files: readonly string[], directory: string): string {
  const names = files.slice(0, mostNamed).map((file) => {
    const short = relative(directory, file);
    return short.startsWith('..') ? file : short;
  });
  const others = files.length - names.length;
  return others === 0 ? names.join(', ') : `${names.join(', ')} and ${others} more`;
}
