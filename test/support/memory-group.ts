import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { until } from './until.js';

/** Where groups with a limit of memory can be made: the folder of this process' own group, and the name of the limit. */
const groups = process.platform === 'linux' && process.getuid?.() === 0 ? findGroups() : undefined;

/** Whether this machine lets a test make a control group with a limit of memory. */
export const canLimitGroups = groups !== undefined;

/** A control group, as a container or a service has it, for a process and all that it starts from now on. */
export class MemoryGroup {
  readonly #folder: string;

  constructor(megabytes: number) {
    if (groups === undefined) throw new Error('This machine has no control groups for memory.');
    this.#folder = mkdtempSync(join(groups.folder, 'wasup-test-'));
    writeFileSync(join(this.#folder, groups.limit), String(megabytes * 1024 * 1024));
  }

  take(pid: number): void {
    writeFileSync(join(this.#folder, 'cgroup.procs'), String(pid));
  }

  /** Resolves when the last process has gone, and the group with it. */
  async remove(): Promise<void> {
    await until(() => readFileSync(join(this.#folder, 'cgroup.procs'), 'utf8') === '' || undefined, {
      expectation: () => 'an empty control group',
    });
    rmdirSync(this.#folder);
  }
}

function findGroups(): { readonly folder: string; readonly limit: string } | undefined {
  const own = readFileSync('/proc/self/cgroup', 'utf8').split('\n');
  const first = own
    .map((line) => /^\d+:(?:\w+,)*memory(?:,\w+)*:(.*)$/.exec(line)?.[1])
    .find((path) => path !== undefined);
  const candidates = [
    ...(first === undefined ? [] : [{ folder: join('/sys/fs/cgroup/memory', first), limit: 'memory.limit_in_bytes' }]),
    // Only below a group that hands the controller down; the root group does where systemd is process 1.
    { folder: '/sys/fs/cgroup', limit: 'memory.max' },
  ];
  return candidates.find(({ folder, limit }) => {
    const probe = join(folder, `wasup-probe-${process.pid}`);
    try {
      mkdirSync(probe);
      try {
        writeFileSync(join(probe, limit), String(1024 * 1024 * 1024));
        return true;
      } finally {
        rmdirSync(probe);
      }
    } catch {
      return false;
    }
  });
}
