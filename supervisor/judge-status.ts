import type { AccountState } from '../shared/account-state.js';
import type { DeviceStatus } from '../shared/device-status.js';

/** What the supervisor knows of an account without its file: by its machine, the worker's heartbeats, and its children. */
export interface KnownOfAccount {
  readonly state: AccountState;
  /** The worker that has the account; null when none has. */
  readonly workerPid: number | null;
  readonly browserPid: number | null;
}

export type StatusVerdict =
  | { readonly kind: 'true' }
  /** It holds nothing, or nothing that can be read. */
  | { readonly kind: 'missing' | 'damaged' }
  /** It names a process that has gone. That misleads nobody about the session. */
  | { readonly kind: 'outdated'; readonly correction: Partial<DeviceStatus> }
  /** Whoever believes it is wrong about the session. */
  | { readonly kind: 'contradicting'; readonly sentence: string; readonly correction: Partial<DeviceStatus> };

/** Whether the status file says what the supervisor knows. Pure; what is in transition is to be judged twice. */
export function judgeStatus(found: DeviceStatus | 'missing' | 'damaged', known: KnownOfAccount): StatusVerdict {
  if (typeof found === 'string') return { kind: found };
  const listens = known.state === 'listening';
  const { workerPid, browserPid } = known;
  // A worker that has just been given the account has written nothing yet.
  const namesWorker = found.workerPid === workerPid || (found.workerPid === null && !listens);
  const namesBrowser = found.browserPid === browserPid || (found.browserPid === null && !listens);
  const isActive = listens && workerPid !== null;
  if (found.isActive !== isActive || !namesWorker || (listens && !found.deviceLinked)) {
    return {
      kind: 'contradicting',
      sentence: `device-status.json said that ${describeFound(found)}, while ${describeKnown(known)}.`,
      correction: {
        isActive,
        state: known.state,
        workerPid: isActive || found.workerPid === workerPid ? workerPid : null,
        browserPid,
        ...(listens && { deviceLinked: true, reason: null, userAction: null }),
      },
    };
  }
  return namesBrowser ? { kind: 'true' } : { kind: 'outdated', correction: { browserPid } };
}

function describeFound({ isActive, workerPid, deviceLinked }: DeviceStatus): string {
  const where = workerPid === null ? '' : ` in worker ${workerPid}`;
  return `the bot ${isActive ? 'listens' : 'does not listen'}${where}${deviceLinked ? '' : ' and no device is linked'}`;
}

function describeKnown({ state, workerPid }: KnownOfAccount): string {
  if (workerPid === null) return `no worker has the account (${state})`;
  return state === 'listening' ? `it listens in worker ${workerPid}` : `worker ${workerPid} does not (${state})`;
}
