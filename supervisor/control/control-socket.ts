import { lstatSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';

import { describeError } from '../../shared/errors.js';
import { identifyFile, missingFile } from '../../shared/files/file-identity.js';
import type { Logger } from '../../shared/logger.js';
import type { ControlledAccount } from './controlled-account.js';
import { controlSocketPath, longestSocketPathBytes } from './socket-path.js';

/** A supervisor that is alive takes a connection at once; one that hangs still holds its socket. */
const knockTimeoutMs = 2_000;
/** Whoever keeps taking the place between our look and our step is alive. */
const maxRounds = 3;

export interface ControlSocket {
  /** Resolves when nobody is served any more and the socket's file is gone. */
  close(): Promise<void>;
}

/**
 * Lets people on this machine who may read the sessions folder speak to this supervisor. Never rejects: a bot runs
 * without it, too. One warning says what doesn't work then.
 */
export async function openControlSocket(
  sessionsDirectory: string,
  accounts: readonly ControlledAccount[],
  log: Logger,
): Promise<ControlSocket | undefined> {
  const path = controlSocketPath(sessionsDirectory);
  try {
    const bytes = Buffer.byteLength(path);
    if (bytes > longestSocketPathBytes) {
      throw new Error(`its path has ${bytes} bytes, and ${longestSocketPathBytes} is the most; use a shorter folder`);
    }
    return await open(path, accounts);
  } catch (error) {
    log.warn(
      `There is no control socket at ${path} (${describeError(error)}). \`wasup link\` does not reach this supervisor; everything else works.`,
    );
    return undefined;
  }
}

async function open(path: string, accounts: readonly ControlledAccount[]): Promise<ControlSocket> {
  // Loading fastify takes a while that a bot's start should not wait for.
  const { createControlApi } = await import('./control-api.js');
  const api = createControlApi(accounts);
  await api.ready();
  const server = createServer((request, response) => api.routing(request, response));
  try {
    for (let round = 1; ; round += 1) {
      const found = identifyFile(path);
      await refuseLiving(path);
      // Another supervisor that starts at the same time may have put its socket there meanwhile.
      if (identifyFile(path) === found) {
        if (found !== missingFile) rmSync(path);
        await listen(server, path);
        break;
      }
      if (round === maxRounds) throw new Error('another process keeps taking its place');
    }
  } catch (error) {
    await api.close();
    throw error;
  }
  server.on('error', () => undefined);
  server.unref();
  return {
    close: async () => {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await api.close();
    },
  };
}

/** The socket gets its mode in the step that makes it: between that and a later chmod anybody could connect. */
async function listen(server: Server, path: string): Promise<void> {
  const listening = new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  const umask = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(umask);
  }
  await listening;
}

/** @throws Error when somebody answers there, or when what is there is no socket. */
async function refuseLiving(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new Error('something else is in its place; move that away');
  const code = await knock(path);
  if (code === undefined || code === 'timeout') throw new Error('another supervisor runs on this sessions folder');
  if (code !== 'ECONNREFUSED' && code !== 'ENOENT') throw new Error(code);
}

/** Resolves with why nobody opened, or undefined when somebody did. */
function knock(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.setTimeout(knockTimeoutMs, () => {
      socket.destroy();
      resolve('timeout');
    });
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      socket.destroy();
      resolve(code ?? message);
    });
  });
}
