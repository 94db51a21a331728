import type { LinkAnswer, LinkMethod } from '../../shared/link-answer.js';

/** What the control API asks of an account. */
export interface ControlledAccount {
  readonly number: string;
  /** A person is there to link the device; answers with what follows. */
  requestLink(method: LinkMethod): Promise<LinkAnswer>;
}
