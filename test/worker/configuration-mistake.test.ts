import { expect, test } from 'vitest';

import { configurationMistake } from '../../worker/configuration-mistake.js';
import { pageLoadFailure } from '../../worker/page-upkeep.js';

const mistakes = [
  'ERR_NO_SUPPORTED_PROXIES',
  'ERR_PROXY_AUTH_UNSUPPORTED',
  'ERR_PROXY_AUTH_REQUESTED',
  'ERR_UNEXPECTED_PROXY_AUTH',
  'ERR_INVALID_AUTH_CREDENTIALS',
  'ERR_BLOCKED_BY_ADMINISTRATOR',
  'ERR_BLOCKED_BY_CLIENT',
];
const weather = [
  'ERR_PROXY_CONNECTION_FAILED',
  'ERR_TUNNEL_CONNECTION_FAILED',
  'ERR_NAME_NOT_RESOLVED',
  'ERR_INTERNET_DISCONNECTED',
  'ERR_CONNECTION_REFUSED',
  'ERR_CERT_DATE_INVALID',
  'ERR_NO_SUPPORTED_PROXIES_OF_A_LATER_VERSION',
];

test.each(mistakes)('%s is a mistake of the configuration, and says what to do', (code) => {
  const failure = pageLoadFailure(new Error(`net::${code} at https://web.whatsapp.com/`));
  expect(failure).toMatchObject({ class: 'CONFIGURATION', userAction: configurationMistake(`net::${code}`) });
  expect(failure.userAction).toMatch(/npx wasup restart/);
});

test.each(weather)('%s is weather', (code) => {
  expect(pageLoadFailure(new Error(`net::${code} at https://web.whatsapp.com/`)).class).toBe('NETWORK');
});
