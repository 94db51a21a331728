import { WorkerFailure } from './worker-failure.js';

/** A conflict that comes again within this time isn't one that taking over has solved. */
const conflictMemoryMs = 3_600_000;
/** A conflict that lasts for so long after it was taken over counts as another one. */
const takeOverPatienceMs = 30_000;

/**
 * States that decide something while a session still comes up; whoever brings it up waits for the others with deadlines
 * of its own.
 */
export const decisiveStates: readonly string[] = [
  'CONNECTED',
  'CONFLICT',
  'DEPRECATED_VERSION',
  'TOS_BLOCK',
  'SMB_TOS_BLOCK',
  'PROXYBLOCK',
];

/** What a life has done about its socket so far. */
export interface SocketMemory {
  /** When the link was last taken over from another page; monotonic milliseconds. */
  readonly tookOverAt: number | undefined;
  /** Whether the page was reloaded because WhatsApp wants a newer version of it. */
  readonly reloadedForVersion: boolean;
}

export type SocketVerdict =
  /** The connection is there, or on its way. */
  | { readonly do: 'nothing' }
  /** It is away and may come back by itself; it is helped with patience. */
  | { readonly do: 'wait' }
  /** Another page has the link; ask for it once. */
  | { readonly do: 'take-over' }
  /** Load the page anew. */
  | { readonly do: 'reload'; readonly reason: string }
  /** This life can do nothing about it. */
  | { readonly do: 'end'; readonly failure: WorkerFailure };

/**
 * What a state of WhatsApp's socket, or the reason of the library's `disconnected` (`LOGOUT` or a state), asks for.
 * Pure. The states of a page that isn't linked are for whoever links it.
 *
 * @param isNew whether the socket of this document was in another state before. A state is told of more than once.
 */
export function judgeSocket(state: string, isNew: boolean, memory: SocketMemory, nowMs: number): SocketVerdict {
  switch (state) {
    case 'CONNECTED':
    case 'PAIRING':
      return { do: 'nothing' };
    case 'OPENING':
    case 'TIMEOUT':
      return { do: 'wait' };
    case 'CONFLICT': {
      const sinceMs = memory.tookOverAt === undefined ? undefined : nowMs - memory.tookOverAt;
      if (sinceMs === undefined || sinceMs > conflictMemoryMs) return { do: 'take-over' };
      return isNew || sinceMs > takeOverPatienceMs ? { do: 'end', failure: conflict() } : { do: 'nothing' };
    }
    case 'DEPRECATED_VERSION':
      if (!memory.reloadedForVersion) {
        return { do: 'reload', reason: 'WhatsApp Web wants to be loaded in a newer version' };
      }
      if (!isNew) return { do: 'nothing' };
      return {
        do: 'end',
        failure: new WorkerFailure('TRANSIENT', 'WhatsApp Web wants a newer version than it serves'),
      };
    default:
      return { do: 'end', failure: failureOfState(state) };
  }
}

function conflict(): WorkerFailure {
  return new WorkerFailure(
    'TERMINAL',
    'WhatsApp Web is open somewhere else with the same login (a second copy of this profile), and takes the connection back',
    { userAction: 'Close WhatsApp Web there, or remove the copy of the profile; then restart wasup.' },
  );
}

function failureOfState(state: string): WorkerFailure {
  switch (state) {
    case 'LOGOUT':
    case 'UNPAIRED':
    case 'UNPAIRED_IDLE':
      return new WorkerFailure('AUTH', 'WhatsApp has unlinked this device');
    case 'TOS_BLOCK':
    case 'SMB_TOS_BLOCK':
      return new WorkerFailure('TERMINAL', 'WhatsApp has restricted this account', {
        userAction: 'Open WhatsApp on the phone and follow what it says about the restriction; then restart wasup.',
      });
    case 'PROXYBLOCK':
      return new WorkerFailure('NETWORK', 'WhatsApp refuses connections from this network or proxy', {
        userAction: 'Let this machine reach WhatsApp without a proxy or VPN that WhatsApp blocks.',
      });
    default:
      return new WorkerFailure('TRANSIENT', `WhatsApp ended the session (${state})`);
  }
}
