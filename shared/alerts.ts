/**
 * What an operator has to hear of, beyond the single failure: each kind is a condition that wasup recognises, and comes
 * with a sentence and, where a person can do something about it, an action. They are logged, kept in the history as
 * `alert`, and handed to whoever listens for events.
 */
export const alertKinds = [
  /** Attempt after attempt ends while WhatsApp is still authenticating. */
  'authenticating-stuck',
  /** WhatsApp has refused the stored login as often as it may; a fresh link follows. */
  'authentication-failed',
  /** A fresh link was decided on, and neither a QR code nor a pairing code has appeared. */
  'fallback-not-started',
  /** A restore was reported complete, and the account's file does not say that it is active. */
  'inactive-after-restore',
  /** The same class of failure again and again: what wasup does about that class doesn't help. */
  'failure-loop',
  /** WhatsApp Web has changed in a way that whatsapp-web.js doesn't know. */
  'incompatible',
  /** A login that WhatsApp has unpaired was set aside. */
  'profile-quarantined',
  /** Nothing more happens before somebody links the device. */
  'link-needed',
  /** Nothing more happens before a person has changed something. */
  'needs-person',
  /** WhatsApp Web is open somewhere else with the same login. */
  'conflict',
  /** Files of the account can't be written; they are kept in memory. */
  'records-unwritable',
  /** Files of the account were missing, damaged or wrong, and have been written anew. */
  'records-repaired',
  /** The device hasn't been connected for so long that WhatsApp may unlink it soon. */
  'device-unused',
  /** The session comes up so often that WhatsApp may take offence; wasup slows down. */
  'login-limit',
  /** So many failures within the window that nothing is started for a while; then one more try. */
  'breaker-open',
  /** A process can't be ended, so that no other may take its place. */
  'process-stuck',
  /** Browser and worker of the account use more memory than they may; they are replaced. */
  'memory-limit',
  /** A worker that was to replace one that listens, as planned, could not be loaded; the old one goes on. */
  'successor-failed',
  /** The status file has said something else than the worker's heartbeats; it is written anew. */
  'records-contradicting',
  /** Incoming messages can't be journaled; they are handled from memory. */
  'inbox-unwritable',
  /** The journal of incoming messages was damaged; a new one was begun with what could be read of it. */
  'inbox-damaged',
  /** Of what came while nobody listened, something is left out: too old, or too much. */
  'catch-up-cut',
  /** What came while nobody listened can't be read from the page; it is tried again. */
  'catch-up-failing',
  /** A message was parked as a dead letter: the bot has failed on it as often as it may. */
  'message-parked',
  /** The disk of the sessions folder is about to be full. */
  'disk-low',
  /** The device was linked so often within a day that WhatsApp may restrict the account. */
  'link-limit',
] as const;

export type AlertKind = (typeof alertKinds)[number];

export interface Alert {
  readonly kind: AlertKind;
  /** What happened: one sentence. */
  readonly sentence: string;
  /** What a person should do; null when there is nothing to do. */
  readonly action: string | null;
}
