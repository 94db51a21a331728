import { rm } from 'node:fs/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { findRenderers } from '../support/processes.js';
import { Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

/** A module without which the library can't attach its listeners: it throws where nobody but the page hears of it. */
const neededModule = 'WAWebSyncGatingUtils';

describe('a linked account that comes up', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let qrRefsServed: number;
  let pageLoads: number;

  beforeAll(async () => {
    stage = await Stage.openAtRest();
  });
  beforeEach(async () => {
    // What has failed lately makes the next attempts wait: each of these begins without a past.
    await rm(stage.paths.restartTally, { force: true });
    ({ qrRefsServed, pageLoads } = stage.sandbox.counters);
  });
  afterEach(async () => {
    await stage.stopAll();
    stage.phone.sync({});
    stage.sandbox.modules({ missing: [] });
    stage.sandbox.pageLoads({ refuse: false, stall: false, stallScript: false, blank: false });
    // Whatever went wrong, nobody was asked to link anything, and the login is there.
    expect(stage.sandbox.counters.qrRefsServed).toBe(qrRefsServed);
    expect(supervisor.matching(/SCAN QR CODE|REQUESTING FRESH AUTH/)).toEqual([]);
    expect(await stage.status()).toMatchObject({ deviceLinked: true, isActive: false });
  });
  afterAll(() => stage.close());

  it('is helped in its page when WhatsApp had synced before the library listened', async () => {
    stage.phone.sync({ beforeListener: true });
    const earlier = (await stage.history()).length;
    supervisor = stage.start();
    await stage.waitUntilListening();
    expect(await stage.waitForEvent('restore_complete', earlier)).toMatchObject({ healed: true });
    expect(stage.sandbox.counters.pageLoads).toBe(pageLoads + 1);
    await supervisor.waitForLine(/had synced before the library listened; telling it again/);
  });

  it('listens as soon as the next load of the page has the module that one has missed', async () => {
    stage.sandbox.modules({ missing: [neededModule] });
    supervisor = stage.start();
    await supervisor.waitForLine(/Requiring unknown module "WAWebSyncGatingUtils".*loading the page anew/);
    stage.sandbox.modules({ missing: [] });
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
  });

  it('says what doesn’t fit what when a module is missing for good, after two loads of the page', async () => {
    stage.sandbox.modules({ missing: [neededModule] });
    supervisor = stage.start();
    const [line] = await supervisor.waitForLine(/WhatsApp Web \S+ has no module.*/);
    expect(line).toMatch(
      /WhatsApp Web 2\.3000\.\d+ has no module "WAWebSyncGatingUtils", which whatsapp-web\.js 1\.34\.7 needs/,
    );
    expect(line).toMatch(/Update wasup.*The login is kept/);
    expect(stage.sandbox.counters.pageLoads).toBe(pageLoads + 2);
    expect(supervisor.matching(/Attempt: +[23]\/3$/)).toEqual([]);
  });

  it('does not wait for the page’s deadline when the renderer dies while WhatsApp loads', async () => {
    const { counters } = stage.sandbox;
    const { scriptLoads } = counters;
    stage.sandbox.pageLoads({ stallScript: 1 });
    supervisor = stage.start({ environment: { WASUP_PAGE_LOAD_TIMEOUT_MS: '600000' } });
    await until(() => counters.scriptLoads > scriptLoads || undefined, { expectation: () => 'half a page' });
    const { browserPid } = await stage.waitForStatus(({ state }) => state === 'restoring', 'a restore');
    for (const renderer of findRenderers(browserPid ?? 0)) process.kill(renderer, 'SIGKILL');
    await supervisor.waitForLine(/The page crashed/);
    await stage.waitUntilListening();
  });

  it.each(['stall', 'stallScript', 'refuse', 'blank'] as const)(
    'tries again when its page is not WhatsApp’s (%s), and no attempt to authenticate is spent',
    async (fault) => {
      stage.sandbox.pageLoads({ [fault]: 2 });
      const environment = { WASUP_PAGE_LOAD_TIMEOUT_MS: '2000', WASUP_AUTH_TIMEOUT_MS: '5000' };
      supervisor = stage.start({ environment });
      await stage.waitUntilListening();
      const attempts = supervisor.matching(/Attempt: +\d\/3$/);
      expect(attempts.length).toBeGreaterThanOrEqual(3);
      expect(attempts.every((line) => line.trim().endsWith('1/3'))).toBe(true);
    },
  );

  it('succeeds at the second attempt when the first one’s sync never ended', async () => {
    const { release } = stage.phone.sync({ withhold: true });
    supervisor = stage.start({ environment: { WASUP_SYNC_TIMEOUT_MS: '2000' } });
    await supervisor.waitForLine(/WARN.*The sync stood still for 2000 ms.*Restarting/);
    release();
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
  });

  it('listens in the same worker when its page reloads itself in the middle of the injection', async () => {
    stage.phone.sync({ delayMs: 1_000 });
    const { socketConnections } = stage.sandbox.counters;
    supervisor = stage.start();
    await supervisor.waitForLine(/SESSION RESTORE/);
    await stage.phone.waitFor('connected');
    expect(stage.sandbox.counters.socketConnections).toBe(socketConnections + 1);
    stage.phone.reloadPage();
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(supervisor.matching(/SESSION RESTORE/)).toHaveLength(1);
    expect(stage.sandbox.counters.pageLoads).toBe(pageLoads + 2);
  });

  it('is told apart from a slow one when the account is restricted, without waiting for it', async () => {
    await stage.phone.waitFor('offline');
    stage.phone.sync({ withhold: true });
    supervisor = stage.start();
    await stage.phone.waitFor('connected');
    stage.phone.setState('TOS_BLOCK');
    await stage.waitForStatus(({ state }) => state === 'failed', 'the account to stop');
    await supervisor.waitForLine(/ERROR.*WhatsApp has restricted this account/);
    expect(stage.sandbox.counters.pageLoads).toBe(pageLoads + 1);
  });
});
