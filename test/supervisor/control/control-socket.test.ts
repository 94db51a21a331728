import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Logger } from '../../../shared/logger.js';
import { askSupervisor } from '../../../supervisor/control/ask-supervisor.js';
import { type ControlSocket, openControlSocket } from '../../../supervisor/control/control-socket.js';
import { controlSocketPath } from '../../../supervisor/control/socket-path.js';

const account = {
  number: '12025550100',
  requestLink: () => Promise.resolve({ accepted: true, sentence: 'A QR code follows.', action: null }),
};
const link = '/api/accounts/12025550100/link';

describe('the control socket', () => {
  let folder: string;
  let path: string;
  let warnings: string[];
  const opened: ControlSocket[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wasup-control-'));
    path = controlSocketPath(folder);
    warnings = [];
  });
  afterEach(async () => {
    for (const socket of opened.splice(0)) await socket.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(directory = folder): Promise<ControlSocket | undefined> {
    const log = { warn: (line: string) => warnings.push(line) } as unknown as Logger;
    const socket = await openControlSocket(directory, [account], log);
    if (socket !== undefined) opened.push(socket);
    return socket;
  }

  it('answers whoever may read the folder, and nobody else', async () => {
    await open();
    expect(await askSupervisor(folder, link, {})).toEqual({ status: 202, body: { sentence: 'A QR code follows.' } });
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    expect(warnings).toEqual([]);
  });

  it('is gone when it is closed', async () => {
    const socket = await open();
    opened.splice(0);
    await socket?.close();
    expect(existsSync(path)).toBe(false);
    await expect(askSupervisor(folder, link, {})).rejects.toMatchObject({
      message: expect.stringContaining('No supervisor runs') as string,
      exitCode: 69,
    });
  });

  it('takes the place of one that a killed supervisor has left', async () => {
    await leaveStaleSocket(path);
    await expect(askSupervisor(folder, link, {})).rejects.toMatchObject({ exitCode: 69 });
    await open();
    expect(await askSupervisor(folder, link, {})).toMatchObject({ status: 202 });
    expect(warnings).toEqual([]);
  });

  it('leaves another supervisor’s alone, and warns once', async () => {
    await open();
    const { ino } = lstatSync(path);
    expect(await open()).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('another supervisor runs on this sessions folder')]);
    expect(lstatSync(path).ino).toBe(ino);
    expect(await askSupervisor(folder, link, {})).toMatchObject({ status: 202 });
  });

  it('goes to one of two that start at the same time', async () => {
    await leaveStaleSocket(path);
    const sockets = await Promise.all([open(), open()]);
    expect(sockets.filter((socket) => socket !== undefined)).toHaveLength(1);
    expect(warnings).toHaveLength(1);
    expect(await askSupervisor(folder, link, {})).toMatchObject({ status: 202 });
  });

  it('leaves a file alone that is no socket, and warns', async () => {
    await writeFile(path, 'mine');
    expect(await open()).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('something else is in its place')]);
    expect(lstatSync(path).isFile()).toBe(true);
  });

  it('is done without, with one warning, where its path would be too long', async () => {
    const deep = join(folder, 'd'.repeat(100));
    await mkdir(deep);
    expect(await open(deep)).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/has \d+ bytes, and 107 is the most/)]);
    await expect(askSupervisor(deep, link, {})).rejects.toMatchObject({ exitCode: 69 });
  });

  it('is done without, with one warning, where it can’t be made', async () => {
    expect(await open(join(folder, 'missing'))).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });
});

/** As a supervisor does that is killed while it listens. */
async function leaveStaleSocket(path: string): Promise<void> {
  const script = 'require("node:net").createServer().listen(process.argv[1], () => console.log("listens"))';
  const holder = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(lstatSync(path).isSocket()).toBe(true);
}
