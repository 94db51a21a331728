/** After a stall of this process, too, the browser has a moment for its answer. */
const leastTimeoutMs = 500;

/** Sends a root-level command of the supervisor; rejects on a protocol error and after `timeoutMs`. */
export type SendCommand = (method: string, params: object, options: { timeoutMs: number }) => Promise<unknown>;

/**
 * Undoes what a client left on the connection: its sessions (with them bindings, interceptions, overrides, and the sessions below
 * them) and its root-level subscriptions.
 *
 * The browser serves commands in order. So once the first round is answered, every command that the client managed to send has
 * been served too: the sessions that those opened are known by then, and nothing is left that could open more.
 *
 * @param sessions the client's root-level sessions, kept up to date from the browser's events while this runs.
 * @throws Error if the browser hasn't answered everything within `timeoutMs`.
 */
export async function cleanUpAfterClient(send: SendCommand, sessions: Set<string>, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const ask = (method: string, params: object): Promise<unknown> =>
    send(method, params, { timeoutMs: Math.max(leastTimeoutMs, Math.ceil(deadline - performance.now())) });
  const detachAll = (): Promise<unknown>[] =>
    [...sessions].map(async (sessionId) => {
      // Refused when the session is gone already, which is what we want. That it isn't answered at all shows in the other commands.
      await ask('Target.detachFromTarget', { sessionId }).catch(() => undefined);
      sessions.delete(sessionId);
    });

  await Promise.all([
    ask('Target.setAutoAttach', { autoAttach: false, waitForDebuggerOnStart: false, flatten: true }),
    ask('Target.setDiscoverTargets', { discover: false }),
    ...detachAll(),
  ]);
  while (sessions.size > 0) {
    await Promise.all([ask('Browser.getVersion', {}), ...detachAll()]);
  }
}
