import type { Alert } from '../shared/alerts.js';
import type { FailureClass } from '../shared/protocol/messages.js';
import type { Breaker } from './breaker.js';
import type { Failure, Machine } from './machine-types.js';
import { maxLinksPerDay } from './restart-tally.js';
import { sentence } from './tell-failure.js';

/** So many failures of one class in a row are a loop; told again each time their number has doubled. */
const loopBeginsAt = 5;
/** What a loop of this class asks of a person; undefined as long as it is none. Pure. */
export function loopAction(failureClass: FailureClass, count: number): string | undefined {
  return count >= loopBeginsAt ? loopActions[failureClass] : undefined;
}

/** So many attempts in a row that end while WhatsApp authenticates are no accident. */
const stuckAfter = 2;

const loopActions: Readonly<Partial<Record<FailureClass, string>>> = {
  LOCAL: "Look at browser.log in the account's folder, and at memory and disk of this machine. wasup goes on trying.",
  NETWORK: 'Look whether this machine reaches web.whatsapp.com. wasup goes on trying, and keeps the login.',
  TRANSIENT: 'Restarting does not cure this: look at the lines above, and report them if they are not the bot’s.',
  BUG: 'Look at the lines above for the error and mend it, most likely in the bot.',
};

/** The same class of failure again and again: what is done about that class doesn't help. Pure. */
export function loopAlert(failure: Failure, count: number): Alert | undefined {
  const action = loopActions[failure.class];
  const doublings = Math.log2(count / loopBeginsAt);
  if (action === undefined || doublings < 0 || !Number.isInteger(doublings)) return undefined;
  return {
    kind: 'failure-loop',
    sentence: `${count} failures of the kind ${failure.class} in a row. The last: ${sentence(failure.reason)}`,
    action,
  };
}

export function authenticatingAlert({ stuckAuthenticating }: Machine): Alert | undefined {
  if (stuckAuthenticating !== stuckAfter) return undefined;
  return {
    kind: 'authenticating-stuck',
    sentence: `${stuckAfter} attempts in a row have ended while WhatsApp was authenticating the device, without progress.`,
    action: 'Look whether the phone is online and shows the device under Linked devices. wasup goes on trying.',
  };
}

/** Restarts don't cure it: nothing is started for a while. */
export function breakerAlert({ reason }: Failure, { failures, trips }: Breaker, pauseMs: number): Alert {
  const what =
    trips === 1 ? `${failures.length} failures without a stable run between them` : 'The life on trial has failed, too';
  return {
    kind: 'breaker-open',
    sentence: `${what}; the last: ${sentence(reason)} Nothing is started for ${describePause(pauseMs)}, then one more life is tried.`,
    action: 'Look at the lines above for what fails and mend it; `npx wasup restart <number>` tries at once.',
  };
}

/** An earlier supervisor has opened it. */
export function breakerStaysOpenAlert(openMs: number): Alert {
  return {
    kind: 'breaker-open',
    sentence: `The account had failed too often before this start; nothing is started for another ${describePause(openMs)}.`,
    action: 'If you have mended what failed, `npx wasup restart <number>` tries at once.',
  };
}

function describePause(pauseMs: number): string {
  return pauseMs < 120_000 ? `${Math.ceil(pauseMs / 1_000)} s` : `${Math.round(pauseMs / 60_000)} min`;
}

/** What was to replace a worker can't be loaded. */
export function successorAlert({ reason, userAction }: Failure): Alert {
  return {
    kind: 'successor-failed',
    sentence: `The new worker could not be started, so the old one goes on: ${sentence(reason)}`,
    action: userAction ?? 'Mend what it says, then ask for the restart again.',
  };
}

/** A process that survives SIGKILL waits for the kernel, mostly for a disk that doesn't answer. */
export function stuckAlert(reason: string): Alert {
  return {
    kind: 'process-stuck',
    sentence: `${sentence(reason)} Nothing can take its place.`,
    action: 'Look at the disk of the sessions folder, and end that process; wasup tries again each minute.',
  };
}

/** Processes of an earlier supervisor that can't be ended. */
export function orphansAlert(ids: readonly number[]): Alert {
  const which = ids.length === 1 ? 'A process' : 'Processes';
  return stuckAlert(`${which} of an earlier supervisor can't be ended (${ids.join(', ')})`);
}

export function recycleAlert(reason: string): Alert {
  return { kind: 'memory-limit', sentence: sentence(reason), action: null };
}

/** A library that WhatsApp has outgrown, once a second look has found it so. */
export function incompatibleAlert({ reason, userAction }: Failure, count: number): Alert | undefined {
  if (count !== 2) return undefined;
  return { kind: 'incompatible', sentence: sentence(reason), action: userAction };
}

export function refusedLoginAlert({ reason }: Failure, attempts: number): Alert {
  const times = attempts === 1 ? 'once' : `${attempts} times`;
  return {
    kind: 'authentication-failed',
    sentence: `WhatsApp has refused the stored login ${times}: ${sentence(reason)} It is set aside, and a new link asked for now.`,
    action: 'Link the device with the code that follows.',
  };
}

/** The account stops here. Its state says whether a link would help. */
export function finalAlert(failure: Failure, state: 'failed' | 'needs-link'): Alert {
  const kind = state === 'needs-link' ? 'link-needed' : 'needs-person';
  return {
    kind,
    sentence: `${sentence(failure.reason)} Stopped here; a person is needed.`,
    action: failure.userAction,
  };
}

export function loginLimitAlert(pauseMs: number): Alert {
  return {
    kind: 'login-limit',
    sentence: `WhatsApp Web has been opened so often within an hour that WhatsApp may take offence; the next time is in ${Math.ceil(pauseMs / 60_000)} min.`,
    action: 'Look at the lines above for why the session keeps ending.',
  };
}

export function linkLimitAlert({ reason }: Failure): Alert {
  return {
    kind: 'link-limit',
    sentence: `${sentence(reason)} The device was linked ${maxLinksPerDay} times within a day; WhatsApp may restrict an account that goes on like this, so nothing is linked by itself any more.`,
    action: 'Find out why the device keeps being unlinked, then ask for a link: npx wasup link <number>.',
  };
}

export function quarantinedAlert(name: string): Alert {
  return {
    kind: 'profile-quarantined',
    sentence: `The login that WhatsApp has unpaired was set aside as quarantine/${name}; nothing was deleted.`,
    action: null,
  };
}
