import { EventEmitter, once } from 'node:events';

import { expect, it } from 'vitest';

import { createOutput } from '../../shared/logger.js';
import type { AttachedClient } from '../../worker/whatsapp/attached-client.js';
import { bringUp, type BroughtUp } from '../../worker/whatsapp/bring-up.js';
import { PageEvidence } from '../../worker/whatsapp/page-evidence.js';
import type { PageState } from '../../worker/whatsapp/page-state.js';
import { incarnation, listening, syncing } from './page-states.js';

it('a session is not up because the library says "ready" while WhatsApp still syncs, but when it has synced', async () => {
  const client = new FakeClient();
  let isUp = false;
  const up = start(client).finally(() => (isUp = true));
  for (let looks = 0; looks < 3; looks += 1) {
    await Promise.race([once(client.looks, 'look'), up]);
    client.emit('ready');
  }
  await Promise.race([once(client.looks, 'look'), up]);
  expect(isUp).toBe(false);
  client.state = listening;
  client.emit('ready');
  expect(await up).toEqual({ state: listening, healed: false });
});

it('a session is up when the page listens, also if the library never says "ready"', async () => {
  const client = new FakeClient();
  const up = start(client);
  await once(client.looks, 'look');
  client.state = listening;
  expect((await up).state).toBe(listening);
});

/** A client whose page is in the state that the test gives it. */
class FakeClient extends EventEmitter {
  state: PageState = syncing;
  readonly looks = new EventEmitter();
  readonly page = { evaluate: () => Promise.resolve(this.state) };
  readonly inject = (): Promise<void> => Promise.resolve();
}

function start(client: FakeClient): Promise<BroughtUp> {
  return bringUp({
    client: client as unknown as AttachedClient,
    incarnation,
    authTimeoutMs: 60_000,
    syncTimeoutMs: 60_000,
    probeTimeoutMs: 60_000,
    log: createOutput({ level: 'silent', format: 'json' }).log,
    abandoned: new Promise<never>(() => undefined),
    waitsForPerson: () => false,
    evidence: new PageEvidence(),
    onProgress: () => undefined,
    onState: () => client.looks.emit('look'),
  });
}
