import { describeError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { DeadlineError, withDeadline } from '../shared/with-deadline.js';
import { classifyFailure } from './classify-failure.js';

/** WhatsApp answers within a second or two. */
const answerTimeoutMs = 15_000;

/**
 * Has WhatsApp unlink the device. Nothing else is done about it here: the session notices, and ends, as when somebody has
 * removed the device on the phone. Never rejects.
 *
 * @param unlink asks WhatsApp; rejects also when the page leaves before it has answered.
 */
export async function obeyUnlink(unlink: () => Promise<void>, account: string, log: Logger): Promise<void> {
  log.info('Asking WhatsApp to unlink this device.');
  try {
    await withDeadline(unlink(), answerTimeoutMs, 'The answer');
  } catch (error) {
    // The page that was asked has gone already, which is what was wanted. If not, the session still listens, and shows it.
    if (!(error instanceof DeadlineError) && classifyFailure(error).class === 'TRANSIENT') return;
    log.error(
      `WhatsApp could not be asked to unlink this device (${describeError(error)}). Try \`npx wasup unlink ${account}\` again, or remove it on the phone: WhatsApp > Linked devices.`,
    );
  }
}
