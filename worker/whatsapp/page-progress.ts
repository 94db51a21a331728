import type { Milestone, WorkerPhase } from '../../shared/protocol/messages.js';
import { isListening, type PageState } from './page-state.js';

/** After 20 s in vain OPENING becomes TIMEOUT; WhatsApp goes on trying. */
const socketsThatConnect = ['UNLAUNCHED', 'OPENING', 'TIMEOUT'];

/** What a page that is loaded does next, by the furthest milestone that it has reached. */
export const phaseAfter = {
  page: 'starting',
  debug: 'connecting',
  socket: 'authenticating',
  authenticated: 'syncing',
  synced: 'injecting',
  injected: 'verifying',
  verified: 'catching-up',
} as const satisfies Partial<Record<Milestone, WorkerPhase>>;

/** The furthest milestone that a page has reached, with all before it. Pure. */
export function milestoneOf(state: PageState, incarnation: number): keyof typeof phaseAfter {
  if (state.waVersion === null) return 'page';
  if (state.socket === null || socketsThatConnect.includes(state.socket)) return 'debug';
  if (state.socket !== 'CONNECTED' || state.identity === null) return 'socket';
  if (!state.hasSynced) return 'authenticated';
  if (!state.utilities) return 'synced';
  return isListening(state, incarnation) ? 'verified' : 'injected';
}
