import { readdirSync } from 'node:fs';

import type { Gauge, Counter, Registry } from 'prom-client';

interface Library {
  readonly Counter: typeof Counter;
  readonly Gauge: typeof Gauge;
}

/**
 * The supervisor's own process, under the names that every dashboard knows. (Not the library's default metrics: their
 * look at the event loop wakes an idle process a hundred times a second.)
 */
export function addProcessMetrics({ Counter, Gauge }: Library, registry: Registry): void {
  const registers = [registry];
  const startSeconds = Date.now() / 1_000 - process.uptime();
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'When the supervisor started, in seconds since 1970.',
    registers,
    collect() {
      this.set(startSeconds);
    },
  });
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the supervisor, user and system.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the supervisor.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'process_open_fds',
    help: 'Open file descriptors of the supervisor; where there is /proc.',
    registers,
    collect() {
      const count = countDescriptors();
      if (count !== undefined) this.set(count);
    },
  });
  new Gauge({
    name: 'nodejs_heap_size_used_bytes',
    help: 'Used heap of the supervisor.',
    registers,
    collect() {
      this.set(process.memoryUsage().heapUsed);
    },
  });
}

function countDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
