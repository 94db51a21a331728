import { expect, it } from 'vitest';

import { classifyFailure } from '../../worker/classify-failure.js';
import { explainIncompatible } from '../../worker/explain-incompatible.js';
import { WorkerFailure } from '../../worker/worker-failure.js';

const missing = classifyFailure(new Error('Requiring unknown module "WAWebSocketModel"'));
const versions = { whatsApp: '2.3000.2', lastWorking: '2.3000.1', library: '1.34.7' };

it('names the module, both versions, the last that worked, and what to do', () => {
  const failure = explainIncompatible(missing, versions);
  expect(failure.class).toBe('INCOMPATIBLE');
  expect(failure.message).toBe(
    'WhatsApp Web 2.3000.2 has no module "WAWebSocketModel", which whatsapp-web.js 1.34.7 needs; it last worked with 2.3000.1',
  );
  expect(failure.userAction).toMatch(/Update.*login is kept/);
});

it.each([null, versions.whatsApp])('leaves out what says nothing: that it last worked with %s', (lastWorking) => {
  const { message } = explainIncompatible(missing, { ...versions, lastWorking });
  expect(message).toBe('WhatsApp Web 2.3000.2 has no module "WAWebSocketModel", which whatsapp-web.js 1.34.7 needs');
});

it('does without a version that the page doesn’t say', () => {
  expect(explainIncompatible(missing, { ...versions, whatsApp: null }).message).toMatch(
    /^WhatsApp Web has no module "/,
  );
});

it('explains once, and nothing else', () => {
  const once = explainIncompatible(missing, versions);
  expect(explainIncompatible(once, versions)).toBe(once);
  const other = new WorkerFailure('NETWORK', 'Requiring patience');
  expect(explainIncompatible(other, versions)).toBe(other);
});
