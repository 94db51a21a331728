import { Worker } from 'node:worker_threads';

/** How often the guard looks for the parent. With the kill itself well below the second that is promised. */
const pollIntervalMs = 250;

/**
 * Ends this process when its supervisor has died while the main thread hangs: a blocked event loop never sees IPC
 * `disconnect`, a thread of its own sees the parent's pid change.
 */
export function startGuardThread(): void {
  const thread = new Worker(
    `const parent = ${process.ppid};
     setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, ${pollIntervalMs});`,
    { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 } },
  );
  thread.unref();
}
