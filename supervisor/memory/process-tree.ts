import type { ProcessPlace } from '../../shared/process-places.js';

/**
 * The roots that live, the processes of their groups, and all that descend from these. Pure. Chromium's crash handlers leave
 * group and tree; two of them take 3 MB together and are not looked for.
 */
export function findTree(roots: readonly number[], places: readonly ProcessPlace[]): number[] {
  const children = new Map<number, number[]>();
  for (const { id, parent } of places) children.set(parent, [...(children.get(parent) ?? []), id]);
  const tree = new Set<number>();
  const pending = places.filter(({ id, group }) => roots.includes(id) || roots.includes(group)).map(({ id }) => id);
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (tree.has(id)) continue;
    tree.add(id);
    pending.push(...(children.get(id) ?? []));
  }
  return [...tree].sort((left, right) => left - right);
}
