import { Worker } from 'node:worker_threads';

/** How often the guard looks for the parent. With the kill itself well below the second that is promised. */
const pollIntervalMs = 250;

/**
 * Ends this process once its supervisor has died, whatever the main thread does. One that turns sees IPC `disconnect`
 * and ends it sooner; one that hangs never does, but this thread sees the parent's pid change.
 */
export function startGuardThread(): void {
  const thread = new Worker(
    `const parent = ${process.ppid};
     setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, ${pollIntervalMs});`,
    { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 } },
  );
  thread.unref();
}
