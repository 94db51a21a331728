import { linkSync, lstatSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';

import { describeError, WasupError } from '../../shared/errors.js';
import { supervisorExitCodes } from '../../shared/exit-codes.js';
import type { Logger } from '../../shared/logger.js';
import { createControlServer, listening } from './control-server.js';
import { enterAlone, longestOwnName, ownSocketName } from './enter-alone.js';
import { knock } from './knock.js';
import { controlSocketName, controlSocketPath, openSocketFolder, type SocketFolder } from './socket-address.js';
import { findRunningSupervisor, removeSupervisorFile, writeSupervisorFile } from './supervisor-file.js';

/** A sessions folder that this process alone supervises. */
export interface ClaimedFolder {
  /** False where there can be no socket: the locks of the accounts protect them all the same, and nobody can ask. */
  readonly hasSocket: boolean;
  /** Who asks at the socket hears that wasup is starting until this is called. */
  serve(listener: RequestListener): void;
  /** Gives the folder back; the socket and its file are gone then. A second call does nothing. */
  close(): Promise<void>;
}

/**
 * Makes this process the one supervisor of a sessions folder, by its control socket: `.wasup.sock`, mode 0600. Whoever
 * can be connected to holds the folder, so that a stopped supervisor does and a killed one doesn't. Of several that start
 * at the same time, one wins. Loads nothing heavy, and doesn't keep the process alive.
 *
 * Where there can be no socket (a file system without them, a path that is too long elsewhere than on Linux) one warning
 * says so. A folder that can't be written is left to whoever checks it.
 *
 * @throws WasupError with exit code 73 when another supervisor holds the folder, and 78 when something else than a socket
 * is in its place.
 */
export async function claimSessionsFolder(sessionsDirectory: string, log: Logger): Promise<ClaimedFolder> {
  let folder: SocketFolder | undefined;
  const control = createControlServer();
  try {
    await mkdir(sessionsDirectory, { recursive: true, mode: 0o700 });
    folder = openSocketFolder(sessionsDirectory, longestOwnName);
    await refuseHeld(sessionsDirectory, folder);
    const ownSocket = ownSocketName();
    try {
      await listenPrivately(control.server, folder.address(ownSocket));
      const { ino } = lstatSync(join(sessionsDirectory, ownSocket));
      await takePlace(sessionsDirectory, folder, ownSocket);
      return claimed(sessionsDirectory, folder, control, ino);
    } finally {
      rmSync(join(sessionsDirectory, ownSocket), { force: true });
    }
  } catch (error) {
    await control.close();
    folder?.close();
    if (error instanceof WasupError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (!unwritable.includes(code)) {
      log.warn(
        `There is no control socket at ${controlSocketPath(sessionsDirectory)} (${describeError(error)}). Commands like \`wasup link\` don't reach this supervisor; everything else works.`,
      );
    }
    return { hasSocket: false, serve: () => undefined, close: () => Promise.resolve() };
  }
}

const unwritable = ['EACCES', 'EROFS', 'ENOTDIR', 'EEXIST'];

type Control = ReturnType<typeof createControlServer>;

function claimed(sessionsDirectory: string, folder: SocketFolder, control: Control, own: number): ClaimedFolder {
  const path = controlSocketPath(sessionsDirectory);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // While we still listen nobody takes the place, so that what stands there now is ours to remove.
    if (lstatSync(path, { throwIfNoEntry: false })?.ino === own) {
      await removeSupervisorFile(sessionsDirectory);
      rmSync(path, { force: true });
    }
    await control.close();
    folder.close();
  };
  return { hasSocket: true, serve: (listener) => control.serve(listener), close: () => (closing ??= close()) };
}

async function takePlace(directory: string, folder: SocketFolder, ownSocket: string): Promise<void> {
  const path = controlSocketPath(directory);
  const refuse = (): Promise<void> => refuseHeld(directory, folder);
  const entered = await enterAlone(
    directory,
    folder,
    ownSocket,
    async () => {
      await refuse();
      await writeSupervisorFile(directory);
      rmSync(path, { force: true });
      // Linked, it has its name from the first moment that it has an owner who listens.
      linkSync(join(directory, ownSocket), path);
    },
    refuse,
  );
  if ('rival' in entered) throw held(directory, { name: `pid ${entered.rival.pid}`, pid: entered.rival.pid });
}

/** The socket gets its mode in the step that makes it: between that and a later chmod anybody could connect. */
async function listenPrivately(server: Control['server'], address: string): Promise<void> {
  const umask = process.umask(0o177);
  let bound: Promise<void>;
  try {
    bound = listening(server, () => void server.listen(address));
  } finally {
    process.umask(umask);
  }
  await bound;
}

/** @throws WasupError when somebody listens at the socket, or when what is in its place is none. */
async function refuseHeld(directory: string, folder: SocketFolder): Promise<void> {
  const path = controlSocketPath(directory);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) {
    throw new WasupError(`Something else than a socket is at ${path}.`, {
      remedy: 'Move it away: the running supervisor has its control socket there.',
      exitCode: supervisorExitCodes.configuration,
    });
  }
  const address = folder.address(controlSocketName);
  const answer = await knock(address);
  if (answer === 'dead' || answer === 'missing') return;
  throw held(directory, await findRunningSupervisor(directory, address));
}

function held(directory: string, by: Awaited<ReturnType<typeof findRunningSupervisor>>): WasupError {
  const pid = by?.pid ?? null;
  const stop = pid === null ? 'Stop that one' : `Stop that one (kill ${pid})`;
  return new WasupError(`Another supervisor (${by?.name ?? 'it does not say who it is'}) holds ${directory}.`, {
    remedy: `${stop}, or give this one another folder: WASUP_SESSIONS_DIR.`,
    exitCode: supervisorExitCodes.alreadyRunning,
  });
}
