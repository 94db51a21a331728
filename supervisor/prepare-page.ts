import type { Logger } from '../shared/logger.js';
import type { RestoreRung } from '../shared/protocol/messages.js';
import { lookAtPage } from './browser/look-at-page.js';
import { refuseUnsafePage } from './browser/refuse-unsafe-page.js';
import { renewPage } from './browser/renew-page.js';
import { decideRung } from './decide-rung.js';
import type { Switchboard } from './switchboard/switchboard.js';

export interface PreparePageOptions {
  readonly switchboard: Switchboard;
  /** The folder of the browser's profile. */
  readonly profile: string;
  /** What the next worker can take over. */
  readonly pageHalf: string;
  readonly log: Pick<Logger, 'info'>;
}

/**
 * Prepares the browser's page for a worker.
 *
 * @returns the rung that it has come to: a page in doubt is opened anew.
 * @throws Error when another browser is needed: this one doesn't answer, or may open no page.
 */
export async function preparePage(
  wished: RestoreRung,
  { switchboard, profile, pageHalf, log }: PreparePageOptions,
): Promise<RestoreRung> {
  if (wished === 'cold') return 'cold';
  if (wished === 'hot') {
    const decision = decideRung(await lookAtPage(switchboard), pageHalf);
    if (decision.rung === 'hot') return 'hot';
    log.info(`Opening WhatsApp anew: ${decision.reason}.`);
  }
  await refuseUnsafePage(profile);
  await renewPage(switchboard);
  return 'warm';
}
