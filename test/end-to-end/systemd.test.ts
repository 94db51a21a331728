import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { canNotify, NotifySocket } from '../support/notify-socket.js';
import { type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';

// The real systemd-notify; systemd itself is played by a socket.
describe.runIf(canNotify())('under systemd, a linked account', () => {
  let stage: Stage;
  let socket: NotifySocket;

  beforeAll(async () => {
    stage = await Stage.openAtRest();
    socket = await NotifySocket.open(join(stage.folder, 'notify'));
  });
  afterAll(async () => {
    socket.close();
    await stage.close();
  });

  it('is ready when it listens, gives signs of life, and says that it stops', async () => {
    const supervisor = stage.start({ environment: { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '1000000' } });
    const listening = await whenReady(supervisor);

    // A second word from another process than the main one would be taken for the supervisor's.
    const environments = [listening.workerPid, listening.browserPid].map((pid) =>
      readFile(`/proc/${pid}/environ`, 'utf8'),
    );
    for (const environment of await Promise.all(environments))
      expect(environment).not.toMatch(/NOTIFY_SOCKET|WATCHDOG/);

    await socket.waitFor(/^WATCHDOG=1$/);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    await socket.waitFor(/^STOPPING=1 STATUS=Stopping\.$/);
    expect(socket.messages.filter((message) => message.startsWith('READY=1'))).toHaveLength(1);
    expect(supervisor.matching(/WARN.*systemd/)).toEqual([]);
  });

  async function whenReady(supervisor: SupervisorProcess): Promise<ListeningStatus> {
    await socket.waitFor(/^READY=1 STATUS=1 of 1 listening$/);
    expect(supervisor.isRunning).toBe(true);
    // The supervisor knows at once; the file says so when the disk has it.
    return stage.waitUntilListening();
  }
});
