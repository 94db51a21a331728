import { readdir } from 'node:fs/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readAttempts } from '../../shared/restore-metrics.js';
import { Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

const environment = {
  WASUP_PROBE_INTERVAL_MS: '1000',
  WASUP_PROBE_TIMEOUT_MS: '1000',
  WASUP_TRANSPORT_RECONNECT_MS: '1000',
  WASUP_TRANSPORT_RELOAD_MS: '2500',
  WASUP_TRANSPORT_RESTART_MS: '6000',
};

describe('a session that WhatsApp or the network won’t have', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let mark: number;
  let pageLoads: number;
  let qrRefsServed: number;
  let logins: number;

  beforeEach(async () => {
    ({ stage, supervisor } = await Stage.openLinked({ socketTimeoutMs: 500 }, { environment }));
    await stage.ask('!ping');
    mark = supervisor.mark;
    ({ pageLoads, qrRefsServed, logins } = stage.sandbox.counters);
  });
  afterEach(async () => {
    // Whatever it was, it costs no login.
    expect(stage.sandbox.counters.qrRefsServed).toBe(qrRefsServed);
    expect(supervisor.matching(/SCAN QR CODE|REQUESTING FRESH AUTH/, mark)).toEqual([]);
    expect(await readdir(stage.paths.quarantine).catch(() => [])).toEqual([]);
    expect(await stage.status()).toMatchObject({ deviceLinked: true });
    await stage.close();
  });

  it('without any network goes through all its steps, then tries again and again, and comes back when the network does', async () => {
    stage.sandbox.network({ cut: true });
    stage.sandbox.pageLoads({ refuse: true });
    await stage.waitForStatus(({ state, isActive }) => state === 'degraded' && !isActive, 'the cut to show');
    await supervisor.waitForLine(/WARN.*away for 1 s .*telling the page to connect/, { from: mark });
    await supervisor.waitForLine(/WARN.*away for 2\.5 s .*loading the page anew/, { from: mark });
    await supervisor.waitForLine(/(WARN|ERROR).*ERR_CONNECTION_REFUSED.*Restarting/, { from: mark });
    const failed = await until(
      async () => {
        const inVain = (await readAttempts(stage.paths.restoreMetrics)).attempts.filter(
          ({ outcome }) => outcome === 'failed',
        );
        return inVain.length >= 4 ? inVain : undefined;
      },
      { expectation: () => 'four attempts in vain' },
    );
    expect(new Set(failed.map((attempt) => attempt.class))).toEqual(new Set(['NETWORK']));
    expect(new Set(failed.map(({ attempt }) => attempt))).toEqual(new Set([1]));
    expect(await stage.status()).toMatchObject({ isActive: false, deviceLinked: true });
    stage.sandbox.pageLoads({ refuse: false });
    stage.sandbox.network({ cut: false });
    expect(await stage.waitUntilListening()).toMatchObject({ reason: null, userAction: null });
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(stage.sandbox.counters.logins).toBe(logins + 1);
    // One load for each attempt, refused or not: no more.
    const attempts = await until(
      async () => {
        const all = (await readAttempts(stage.paths.restoreMetrics)).attempts;
        return all.at(-1)?.outcome === 'listening' ? all : undefined;
      },
      { expectation: () => 'the last attempt in the books' },
    );
    expect(stage.sandbox.counters.pageLoads).toBe(attempts.length);
  });

  it('whose page can load while its connection can’t opens no more pages than the steps ask for', async () => {
    stage.sandbox.network({ cut: true });
    await supervisor.waitForLine(/WARN.*away for 6 s .*Restarting/, { from: mark });
    // Once for the step, and once in the worker that follows, which waits for its connection.
    await stage.waitForStatus(({ state }) => state === 'restoring', 'the next worker');
    await until(() => (stage.sandbox.counters.pageLoads === pageLoads + 2 ? true : undefined), {
      expectation: () => `two loads; there were ${stage.sandbox.counters.pageLoads - pageLoads}`,
    });
    stage.sandbox.network({ cut: false });
    await stage.waitUntilListening();
    expect(stage.sandbox.counters).toMatchObject({ pageLoads: pageLoads + 2, logins: logins + 1 });
  });

  it('because of a proxy says what to change, and tries again in the same browser', async () => {
    const before = await stage.waitUntilListening();
    stage.phone.setState('PROXYBLOCK');
    await supervisor.waitForLine(/ERROR.*WhatsApp refuses connections from this network or proxy.*proxy or VPN/, {
      from: mark,
    });
    expect(await stage.waitUntilListening(before)).toMatchObject({ browserPid: before.browserPid, userAction: null });
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(stage.sandbox.counters).toMatchObject({ pageLoads: pageLoads + 1, logins: logins + 1 });
  });

  it('because of a proxy while it comes up tries again, and no attempt to authenticate is spent', async () => {
    await stage.stopAll();
    await stage.phone.waitFor('offline');
    const { release } = stage.phone.sync({ withhold: true });
    supervisor = stage.start({ environment });
    mark = 0;
    await stage.phone.waitFor('connected');
    stage.phone.setState('PROXYBLOCK');
    await supervisor.waitForLine(/ERROR.*WhatsApp refuses connections from this network or proxy/);
    release();
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(supervisor.matching(/Attempt: +[23]\/3$/)).toEqual([]);
  });

  it('because a business account is restricted stops, with its login, and says what a person can do', async () => {
    stage.phone.setState('SMB_TOS_BLOCK');
    await supervisor.waitForLine(/ERROR.*WhatsApp has restricted this account.*Open WhatsApp on the phone/);
    await stage.waitForStatus(
      ({ state, workerPid, browserPid }) => state === 'failed' && workerPid === null && browserPid === null,
      'the account to stop',
    );
    expect(stage.sandbox.counters).toMatchObject({ pageLoads, logins });
  });
});
