/** The supervisor that runs from the sources as they were when it was started. */
export type SupervisorState = 'up' | 'stopping' | 'gone';
/** What is known of sources that are newer than the supervisor's. `good` and `bad` say whether they can be loaded. */
export type SourcesState = 'none' | 'being-tried' | 'good' | 'bad';
/** How often somebody has asked for the end. */
export type EndState = 'not-asked' | 'asked' | 'insisted';

export interface Situation {
  readonly supervisor: SupervisorState;
  readonly sources: SourcesState;
  readonly end: EndState;
  /** Whether the supervisor runs other sources than those it was started with at first. */
  readonly isRestarted: boolean;
}

export type DevelopmentEvent =
  /** Sources of the workers alone concern the running supervisor itself; here they may heal what could not be loaded. */
  | { readonly type: 'changed'; readonly whose: 'supervisor' | 'workers' }
  | { readonly type: 'loaded' }
  | { readonly type: 'load-failed' }
  | { readonly type: 'exited'; readonly code: number }
  | { readonly type: 'signal'; readonly name: NodeJS.Signals };

export type DevelopmentEffect =
  | { readonly type: 'start' }
  /** Loads the sources somewhere else. One that is under way is given up: what it has loaded may be old. */
  | { readonly type: 'try-sources' }
  | { readonly type: 'stop' }
  | { readonly type: 'forward'; readonly signal: NodeJS.Signals }
  | { readonly type: 'kill' }
  | { readonly type: 'end'; readonly code: number }
  | { readonly type: 'tell'; readonly what: Notice };

export type Notice = 'restarting' | 'kept' | 'still-waiting' | 'died';

export interface Decision {
  readonly next: Situation;
  readonly effects: readonly DevelopmentEffect[];
}

export const initialSituation: Situation = { supervisor: 'up', sources: 'none', end: 'not-asked', isRestarted: false };

/** What follows from an event. Pure. */
export function decide(now: Situation, event: DevelopmentEvent): Decision {
  switch (event.type) {
    case 'changed':
      return onChanged(now, event.whose);
    case 'loaded':
      return onLoaded(now);
    case 'load-failed':
      return onLoadFailed(now);
    case 'exited':
      return onExited(now, event.code);
    case 'signal':
      return onSignal(now, event.name);
  }
}

function onChanged(now: Situation, whose: 'supervisor' | 'workers'): Decision {
  const matters = whose === 'supervisor' || now.sources === 'bad' || now.sources === 'being-tried';
  if (now.end !== 'not-asked' || !matters) return become(now, {});
  return become(now, { sources: 'being-tried' }, { type: 'try-sources' });
}

function onLoaded(now: Situation): Decision {
  if (now.end !== 'not-asked' || now.sources !== 'being-tried') return become(now, {});
  switch (now.supervisor) {
    case 'up':
      return become(now, { supervisor: 'stopping', sources: 'good' }, tell('restarting'), { type: 'stop' });
    case 'stopping':
      return become(now, { sources: 'good' });
    case 'gone':
      return start(now);
  }
}

function onLoadFailed(now: Situation): Decision {
  if (now.end !== 'not-asked' || now.sources !== 'being-tried') return become(now, {});
  return become(now, { sources: 'bad' }, tell(now.supervisor === 'up' ? 'kept' : 'still-waiting'));
}

function onExited(now: Situation, code: number): Decision {
  const gone = { ...now, supervisor: 'gone' } as const;
  if (now.end !== 'not-asked') return become(gone, {}, { type: 'end', code });
  if (now.supervisor === 'stopping') return now.sources === 'good' ? start(gone) : become(gone, {});
  // What was changed may be why it has died: then the next change may heal it. Nobody has changed the first one.
  if (now.isRestarted && code !== 0) return become(gone, { sources: diedOf(now.sources) }, tell('died'));
  return become(gone, {}, { type: 'end', code });
}

/** Sources that load and don't run count as bad: a change of the workers' may heal them, too. */
function diedOf(sources: SourcesState): SourcesState {
  return sources === 'none' ? 'bad' : sources;
}

function onSignal(now: Situation, signal: NodeJS.Signals): Decision {
  const end = now.end === 'not-asked' ? 'asked' : 'insisted';
  if (now.supervisor === 'gone') return become(now, { end }, { type: 'end', code: 0 });
  switch (now.end) {
    case 'not-asked':
      // One that is being stopped would take it for impatience.
      return now.supervisor === 'stopping' ? become(now, { end }) : become(now, { end }, { type: 'forward', signal });
    case 'asked':
      return become(now, { end }, { type: 'forward', signal });
    case 'insisted':
      return become(now, { end }, { type: 'kill' });
  }
}

function start(now: Situation): Decision {
  return become(now, { supervisor: 'up', sources: 'none', isRestarted: true }, { type: 'start' });
}

function become(now: Situation, change: Partial<Situation>, ...effects: DevelopmentEffect[]): Decision {
  return { next: { ...now, ...change }, effects };
}

function tell(what: Notice): DevelopmentEffect {
  return { type: 'tell', what };
}
