import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';

import type { DeviceStatus } from '../../../shared/device-status.js';
import type { Sample } from './judge-listening.js';

const intervalMs = 100;
/** A load balancer takes one that doesn't answer within this time for one that isn't ready. */
const readinessTimeoutMs = 1_000;

/** Samples what an account's status file and `/readyz` say, until it is stopped. */
export class ClaimWatch {
  readonly statusFile: Sample[] = [];
  readonly readiness: Sample[] = [];
  #isOver = false;
  readonly #ended: Promise<unknown>;

  /** @param statusFile its path. */
  constructor(statusFile: string, sessionsFolder: string) {
    const socketPath = join(sessionsFolder, '.wasup.sock');
    this.#ended = Promise.all([
      this.#sample(this.statusFile, () => isActiveIn(statusFile)),
      this.#sample(this.readiness, () => isReady(socketPath)),
    ]);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
  }

  async #sample(samples: Sample[], look: () => Promise<boolean>): Promise<void> {
    while (!this.#isOver) {
      const saysListening = await look();
      samples.push({ atMs: performance.now(), saysListening });
      await pass(intervalMs);
    }
  }
}

async function isActiveIn(path: string): Promise<boolean> {
  try {
    return (JSON.parse(await readFile(path, 'utf8')) as DeviceStatus).isActive;
  } catch {
    // It isn't there, or says nothing.
    return false;
  }
}

/** Whether `/readyz` says yes, within a load balancer's patience. */
export function isReady(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/readyz', signal: AbortSignal.timeout(readinessTimeoutMs) });
    asked.on('response', (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
