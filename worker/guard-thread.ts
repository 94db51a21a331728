import { Worker } from 'node:worker_threads';

/** How often the guard looks for the parent. With the grace and the kill itself below the second that is promised. */
const pollIntervalMs = 250;
/** For a main thread that turns: it has to write down that nobody listens any more, also on a busy disk. */
const graceMs = 500;

/**
 * Ends this process once its supervisor has died, whatever the main thread does. One that turns sees IPC `disconnect`
 * and ends it sooner; one that hangs never does, but this thread sees the parent's pid change.
 */
export function startGuardThread(): void {
  const thread = new Worker(
    `const parent = ${process.ppid};
     const poll = setInterval(() => {
       if (process.ppid === parent) return;
       clearInterval(poll);
       setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${graceMs});
     }, ${pollIntervalMs});`,
    { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 } },
  );
  thread.unref();
}
