import type { AccountShell } from './account-shell.js';
import type { RequestAnswer } from './control/controlled.js';
import { isWorking } from './machine-running.js';
import type { Machine } from './machine-types.js';

/** WhatsApp answers within a second; the page loads once more, and the worker says so. */
const unlinkTimeoutMs = 20_000;

export interface UnlinkableAccount {
  readonly number: string;
  readonly shell: Pick<AccountShell, 'machine' | 'dispatch'>;
  /** Calls back after each event of the machine. Returns what ends that. */
  onChange(listener: () => void): () => void;
}

/** Has WhatsApp unlink the device, and waits until it has said so. Never rejects. */
export async function requestUnlink(account: UnlinkableAccount): Promise<RequestAnswer> {
  const { shell } = account;
  const refusal = refuseUnlink(shell.machine);
  if (refusal !== undefined) return refusal;
  const done = new Promise<boolean>((resolve) => {
    const finish = (unlinked: boolean): void => {
      stopListening();
      clearTimeout(timer);
      resolve(unlinked);
    };
    const timer = setTimeout(() => finish(false), unlinkTimeoutMs);
    const stopListening = account.onChange(() => {
      const { state, unlinking, mode } = shell.machine;
      if (state === 'needs-link' && mode === 'link') finish(true);
      else if (!unlinking) finish(false);
    });
  });
  shell.dispatch({ type: 'unlink' });
  if (await done) {
    return {
      accepted: true,
      sentence: 'WhatsApp has unlinked the device. Its login is set aside, nothing was deleted.',
      action: `To link it again: npx wasup link ${account.number}`,
    };
  }
  shell.dispatch({ type: 'unlink-expired' });
  return {
    accepted: false,
    sentence: 'WhatsApp has not unlinked the device.',
    action: 'Remove it on the phone (WhatsApp > Settings > Linked devices), or try again.',
  };
}

/** Pure. Only a session whose page and connection work can tell WhatsApp so. */
function refuseUnlink(machine: Machine): RequestAnswer | undefined {
  const { mode } = machine;
  if (isWorking(machine)) return undefined;
  if (mode === 'link') {
    return { accepted: false, sentence: 'The device is not linked.', action: 'There is nothing to do.' };
  }
  return {
    accepted: false,
    sentence: 'The session does not listen now, so WhatsApp can not be told.',
    action: 'Wait until it listens, or remove the device on the phone (WhatsApp > Settings > Linked devices).',
  };
}
