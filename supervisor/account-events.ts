import type { Alert } from '../shared/alerts.js';
import type { AttemptMetrics, WorkerMessage } from '../shared/protocol/messages.js';
import type { Failure, Machine } from './machine-types.js';

/** What an account tells whoever listens. */
export interface AccountEvents {
  message: [WorkerMessage];
  state: [Machine];
  alert: [Alert];
  failure: [Failure];
  attempt: [AttemptMetrics];
  /** There is another code to link the device with, or none any more. */
  code: [];
  anomaly: [{ kind: 'cannot-happen' | 'late-message'; what: string }];
}
