import type { Assignment } from '../shared/protocol/messages.js';

type Deadlines = Pick<Assignment['deadlines'], 'transportReconnectMs' | 'transportReloadMs' | 'transportRestartMs'>;

export type TransportStep = 'reconnect' | 'reload' | 'restart';

/**
 * What is done next about a connection that is away, and how long it has to have been away for it. Each step is taken
 * once in an absence; undefined after the last. Pure.
 *
 * @param taken how many steps have been taken in this absence.
 */
export function nextTransportStep(
  taken: number,
  deadlines: Deadlines,
): { readonly step: TransportStep; readonly afterMs: number } | undefined {
  const { transportReconnectMs, transportReloadMs, transportRestartMs } = deadlines;
  const steps = [
    { step: 'reconnect', afterMs: transportReconnectMs },
    { step: 'reload', afterMs: transportReloadMs },
    { step: 'restart', afterMs: transportRestartMs },
  ] as const;
  return steps[taken];
}
