import { expect, it } from 'vitest';

import { type ImpairmentKind, impairmentKinds } from '../../shared/protocol/messages.js';
import { isWorking } from '../../supervisor/machine-running.js';

const degradedBy = (kind: ImpairmentKind): boolean =>
  isWorking({ state: 'degraded', impairment: { kind, reason: 'a reason', userAction: null } });

it('holds for a session that listens or is only behind: it is held to its memory, and can be unlinked', () => {
  expect(isWorking({ state: 'listening', impairment: null })).toBe(true);
  expect(impairmentKinds.filter(degradedBy)).toEqual(['backlog']);
  expect(isWorking({ state: 'restoring', impairment: null })).toBe(false);
});
