import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A process that has nothing to do with wasup, and does nothing. */
export interface SleepingStranger {
  readonly pid: number;
  end(): Promise<void>;
}

export async function startStranger(): Promise<SleepingStranger> {
  const subprocess = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    stdio: 'ignore',
    detached: true,
  });
  await once(subprocess, 'spawn');
  return {
    pid: subprocess.pid ?? 0,
    async end() {
      const hasEnded = subprocess.exitCode !== null || subprocess.signalCode !== null;
      if (!hasEnded && subprocess.kill('SIGKILL')) await once(subprocess, 'exit');
    },
  };
}
