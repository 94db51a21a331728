import { describeAccountState } from '../account-state.js';
import type { DeviceStatus } from '../device-status.js';
import { formatDuration, formatTime } from './format-time.js';
import { layoutRows, type Row } from './layout.js';

export interface StatusSurroundings {
  /** What is wrong with the status file. */
  readonly damage?: string | undefined;
  /** How many messages are parked; undefined where that isn't known. */
  readonly deadLetters?: number | undefined;
}

/** An account's status as lines for a terminal. Pure. */
export function describeStatus(
  status: DeviceStatus,
  { damage, deadLetters = 0 }: StatusSurroundings,
  now: Date,
  width: number,
): string[] {
  const time = (iso: string | null): string => (iso === null ? 'never' : formatTime(iso, now));
  const rows: Row[] = [
    ['Account', `+${status.number}`],
    ['State', describeAccountState(status.state)],
    ['Listening', status.isActive ? 'Yes.' : 'No.'],
    [
      'Linked',
      status.deviceLinked ? `Yes${status.linkedAt === null ? '' : `, since ${time(status.linkedAt)}`}.` : 'No.',
    ],
    ['Last connected', time(status.lastConnected)],
    ['Restores', describeRestores(status, time)],
  ];
  if (status.reason !== null) rows.push(['Why', status.reason]);
  if (status.userAction !== null) rows.push(['What to do', status.userAction]);
  if (deadLetters > 0) {
    const what = deadLetters === 1 ? '1 message' : `${deadLetters} messages`;
    rows.push(['Dead letters', `${what}, on which the bot has failed: see "wasup messages ${status.number}".`]);
  }
  if (status.workerPid !== null || status.browserPid !== null) {
    rows.push(['Processes', `worker ${status.workerPid ?? 'none'}, browser ${status.browserPid ?? 'none'}`]);
  }
  if (status.waVersion !== null) rows.push(['WhatsApp Web', status.waVersion]);
  rows.push(['Written', time(status.updatedAt)]);
  if (damage !== undefined)
    rows.push(['Damaged', `The file can't be read whole (${damage}); wasup mends it when it next looks.`]);
  return layoutRows(rows, width);
}

const restoreStates: Record<DeviceStatus['restoreStatus'], string> = {
  none: 'None since the device was linked, if it ever was.',
  authenticating: 'One has begun: the stored login is being shown to WhatsApp.',
  authenticated: 'One is under way: WhatsApp has taken the login.',
  fully_reactivated: 'The last one succeeded.',
  failed: 'The last one failed.',
};

function describeRestores(
  { restoreStatus, restoreCount, lastRestoreTime, restoreDuration, restoreMode }: DeviceStatus,
  time: (iso: string | null) => string,
): string {
  const last =
    lastRestoreTime === null || restoreDuration === null
      ? ''
      : ` Newest success: ${time(lastRestoreTime)}, in ${formatDuration(restoreDuration)}${restoreMode === null || restoreMode === 'relink' ? '' : ` (${restoreMode})`}.`;
  return `${restoreCount} succeeded. ${restoreStates[restoreStatus]}${last}`;
}
