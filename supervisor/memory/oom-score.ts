import { readFileSync, writeFileSync } from 'node:fs';

/**
 * What is added to a process's badness, in thousandths of the machine's memory, when the kernel looks for a process to kill because
 * memory runs out: first a worker, which the browser outlives, then a browser, which the supervisor replaces, and the supervisor last.
 * Chromium gives its renderers 300 itself.
 */
export const oomScores = { worker: 500, browser: 300 } as const;

/** Raises the score of a process that has just been spawned; what that starts inherits it. */
export function raiseOomScore(pid: number, score: number): void {
  const path = `/proc/${pid}/oom_score_adj`;
  try {
    if (Number(readFileSync(path, 'utf8')) < score) writeFileSync(path, String(score));
  } catch {
    // Not Linux, or it has ended: then there is nothing to be chosen.
  }
}

/** How many processes the kernel has killed for memory since the machine's start; undefined where it doesn't tell. */
export function readOomKills(): number | undefined {
  try {
    const kills = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1];
    return kills === undefined ? undefined : Number(kills);
  } catch {
    return undefined;
  }
}
