/** The states of an account, as the supervisor sees it. Each has the sentence that an operator reads. */
const accountStates = {
  /** Not running, and nobody wants it to. */
  stopped: 'Stopped.',
  /** Browser and worker are being started. */
  starting: 'Starting browser and worker.',
  /** A stored login is being brought back. */
  restoring: 'Restoring the stored login.',
  /** A new device is being linked; a person has to scan a QR or enter a pairing code. */
  linking: 'Waiting for the device to be linked.',
  /** Verified and listening: messages reach the bot. */
  listening: 'Listening.',
  /** The page is up, and something keeps messages from coming through: the connection to WhatsApp, the page's storage; the reason says what. */
  degraded: 'Up, but messages may not come through.',
  /** Something died; the next attempt is scheduled. */
  backoff: 'Waiting before the next attempt.',
  /** Nobody linked the device in time; waits for a person to ask for a new QR. */
  'needs-link': 'Needs to be linked by a person.',
  /** Cannot work without a person's help; the reason says why. */
  failed: 'Failed; needs a person.',
  /** Being stopped. */
  stopping: 'Stopping.',
} as const;

export type AccountState = keyof typeof accountStates;

export const accountStateNames = Object.keys(accountStates) as [AccountState, ...AccountState[]];

/** What an operator reads of a state. */
export function describeAccountState(state: AccountState): string {
  return accountStates[state];
}
