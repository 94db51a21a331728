import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ChatConnection } from '../../sandbox/chat-connection.js';
import { contactNumber, fixture, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';

const said = 'the safe is behind the painting';
const environment = {
  WASUP_LOG_FORMAT: 'json',
  WASUP_LOG_LEVEL: 'trace',
  WASUP_BOT: fixture('echo-bot.js'),
};

describe('a json log of level trace, from the link to the stop', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let qrContent: string[];

  beforeEach(async () => {
    const send = vi.spyOn(ChatConnection.prototype, 'send');
    stage = await Stage.open();
    supervisor = stage.start({ environment });
    await supervisor.waitForLine(/SCAN QR CODE TO LINK DEVICE/);
    await stage.phone.scanQr();
    const refs = send.mock.calls.flatMap(([frame]) => (frame.type === 'ref' ? [frame.ref] : []));
    const keys = (send.mock.contexts as ChatConnection[]).flatMap((connection) => Object.values(connection.keys ?? {}));
    qrContent = [...new Set([...refs, ...keys])];
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await stage.close();
  });

  it('holds no QR code, no message and nothing that is not JSON, on stdout and stderr', async () => {
    await stage.waitUntilListening();
    expect((await stage.ask(said)).body).toBe(`You said: ${said}`);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });

    const output = [...supervisor.lines, supervisor.errorOutput].join('\n');
    // What was written about them is there, so that what is missing was left out.
    expect(output).toContain('SCAN QR CODE TO LINK DEVICE');
    expect(output).toContain(`From: +${contactNumber}`);
    expect(output).toContain('"level":20');
    // A ref and three keys make a code.
    expect(qrContent.length).toBeGreaterThanOrEqual(4);
    for (const secret of [...qrContent, said]) expect(output).not.toContain(secret);
    const strange = [...supervisor.lines, ...supervisor.errorOutput.split('\n').filter((line) => line !== '')];
    expect(strange.filter((line) => !isJsonObject(line))).toEqual([]);
  });
});

function isJsonObject(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}
