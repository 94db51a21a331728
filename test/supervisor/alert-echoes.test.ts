import { expect, test } from 'vitest';

import type { Alert } from '../../shared/alerts.js';
import { AlertEchoes } from '../../supervisor/alert-echoes.js';

const repaired: Alert = {
  kind: 'records-repaired',
  sentence: 'device-status.json was rebuilt: it was missing.',
  action: null,
};

const damaged: Alert = { ...repaired, sentence: 'device-status.json was rebuilt: it was damaged (empty).' };

test('what both processes tell of a file is told once, whoever is first', () => {
  const echoes = new AlertEchoes();
  expect(echoes.isEcho(repaired, 'worker', 0)).toBe(false);
  expect(echoes.isEcho(damaged, 'supervisor', 100)).toBe(true);
  expect(echoes.isEcho(repaired, 'supervisor', 200)).toBe(false);
  expect(echoes.isEcho(repaired, 'worker', 300)).toBe(true);
});

test('what one process tells a second time has happened a second time', () => {
  const echoes = new AlertEchoes();
  expect(echoes.isEcho(repaired, 'worker', 0)).toBe(false);
  expect(echoes.isEcho(repaired, 'worker', 100)).toBe(false);
});

test('what the other process tells later has happened since', () => {
  const echoes = new AlertEchoes();
  echoes.isEcho(repaired, 'worker', 0);
  expect(echoes.isEcho(repaired, 'supervisor', 1_000)).toBe(false);
});

test('another file is another matter, and other alerts are not about files', () => {
  const echoes = new AlertEchoes();
  const conflict: Alert = { ...repaired, kind: 'conflict' };
  echoes.isEcho(repaired, 'worker', 0);
  expect(
    echoes.isEcho({ ...repaired, sentence: 'session-history.json was rebuilt: it was missing.' }, 'supervisor', 1),
  ).toBe(false);
  echoes.isEcho(conflict, 'worker', 0);
  expect(echoes.isEcho(conflict, 'supervisor', 1)).toBe(false);
});
