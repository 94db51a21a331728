import type { Configuration } from '../shared/configuration/compile-configuration.js';
import { type Assignment, protocolVersion } from '../shared/protocol/messages.js';
import type { Effect } from './machine-types.js';

export interface AssignmentCircumstances {
  readonly number: string;
  readonly incarnation: number;
  readonly sessionDirectory: string;
  readonly browser: Assignment['browser'];
  /** How the device would be linked: a pairing code only where a person has asked for one. */
  readonly authMethod: Assignment['authMethod'];
}

/** What a worker is told that is to hold an account, in a message. Pure. */
export function createAssignment(
  { mode, rung, attempt }: Extract<Effect, { type: 'assign' }>,
  { number, incarnation, sessionDirectory, browser, authMethod }: AssignmentCircumstances,
  configuration: Configuration,
): Assignment {
  return {
    type: 'assign',
    version: protocolVersion,
    incarnation,
    account: number,
    mode,
    rung,
    authMethod,
    attempt,
    maxAttempts: configuration.maxRestoreAttempts,
    sessionDirectory,
    browser,
    deadlines: {
      heartbeatIntervalMs: configuration.heartbeatIntervalMs,
      heartbeatTimeoutMs: configuration.heartbeatTimeoutMs,
      pageLoadTimeoutMs: configuration.pageLoadTimeoutMs,
      authTimeoutMs: configuration.authTimeoutMs,
      syncTimeoutMs: configuration.syncTimeoutMs,
      probeIntervalMs: configuration.probeIntervalMs,
      probeTimeoutMs: configuration.probeTimeoutMs,
      transportReconnectMs: configuration.transportReconnectMs,
      transportReloadMs: configuration.transportReloadMs,
      transportRestartMs: configuration.transportRestartMs,
      catchUpTimeoutMs: configuration.catchUpTimeoutMs,
    },
    handling: {
      attempts: configuration.handlerAttempts,
      timeoutMs: configuration.handlerTimeoutMs,
      waitMs: configuration.handlerWaitMs,
      retryDelayMs: configuration.handlerRetryDelayMs,
      concurrency: configuration.handlerConcurrency,
      retentionMs: configuration.inboxRetentionMs,
      inboxMaxMb: configuration.inboxMaxMb,
      maxAgeMs: configuration.catchUpMaxAgeMs,
      maxMessages: configuration.catchUpMaxMessages,
    },
  };
}
