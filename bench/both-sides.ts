import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Phone, type Sandbox, startSandbox } from '../sandbox/index.js';
import { HandledMessages } from './handled-messages.js';
import { accountNumber, notingBot, startSupervisor, untilListening } from './linked-account.js';
import { startPlain } from './start-plain.js';

export interface BothSidesOptions {
  readonly executablePath: string;
  /** For the processes of both. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Side {
  readonly name: 'plain' | 'wasup';
  readonly phone: Phone;
  readonly handled: HandledMessages;
}

const plainNumber = '12025550129';

/** Runs the work with the plain library and wasup, which listen at the same time, each in its browser, to the same emulated page. */
export async function useBothSides<Result>(
  options: BothSidesOptions,
  work: (sides: readonly [plain: Side, wasup: Side]) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'wasup-bench-'));
  const sandbox = await startSandbox();
  try {
    await mkdir(join(folder, 'working-directory'));
    return await usePlain({ ...options, folder, sandbox }, (plain) =>
      useWasup({ ...options, folder, sandbox }, (wasup) => work([plain, wasup])),
    );
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

type Stage = BothSidesOptions & { readonly folder: string; readonly sandbox: Sandbox };

async function usePlain<Result>(stage: Stage, work: (side: Side) => Promise<Result>): Promise<Result> {
  const handled = await HandledMessages.open(stage.folder, 'plain');
  try {
    const running = startPlain({ ...stage, environment: { ...stage.environment, ...handled.environment } });
    try {
      const phone = stage.sandbox.phone(plainNumber);
      await Promise.all([phone.scanQr(), running.line(({ event }) => event === 'ready')]);
      return await work({ name: 'plain', phone, handled });
    } finally {
      await running.stop();
    }
  } finally {
    await handled.close();
  }
}

async function useWasup<Result>(stage: Stage, work: (side: Side) => Promise<Result>): Promise<Result> {
  const handled = await HandledMessages.open(stage.folder, 'wasup');
  try {
    const environment = { ...stage.environment, ...handled.environment, WASUP_BOT: notingBot() };
    const running = startSupervisor(stage, { executablePath: stage.executablePath, environment });
    try {
      const phone = stage.sandbox.phone(accountNumber);
      await Promise.all([phone.scanQr(), untilListening(stage.folder, running)]);
      return await work({ name: 'wasup', phone, handled });
    } finally {
      await running.stop();
    }
  } finally {
    await handled.close();
  }
}
