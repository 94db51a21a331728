import { describeError } from '../shared/errors.js';
import { WorkerFailure } from './worker-failure.js';

export interface Versions {
  /** Of WhatsApp Web, as the page says; null when it doesn't. */
  readonly whatsApp: string | null;
  /** Of WhatsApp Web, when the session last listened; null when that isn't known. */
  readonly lastWorking: string | null;
  /** Of whatsapp-web.js. */
  readonly library: string;
}

/** Says of a failure of class INCOMPATIBLE what doesn't fit what, and what to do; any other is handed back. Pure. */
export function explainIncompatible(failure: WorkerFailure, versions: Versions): WorkerFailure {
  if (failure.class !== 'INCOMPATIBLE' || failure.userAction !== null) return failure;
  const { whatsApp, lastWorking, library } = versions;
  const [, module] = /unknown module ["']?([\w/.-]+)/i.exec(`${failure.message} ${describeError(failure.cause)}`) ?? [];
  const missing = module === undefined ? 'longer a module' : `module "${module}"`;
  const name = whatsApp === null ? 'WhatsApp Web' : `WhatsApp Web ${whatsApp}`;
  const before = lastWorking === null || lastWorking === whatsApp ? '' : `; it last worked with ${lastWorking}`;
  return new WorkerFailure(
    'INCOMPATIBLE',
    `${name} has no ${missing}, which whatsapp-web.js ${library} needs${before}`,
    {
      userAction: 'Update wasup, and with it whatsapp-web.js, as soon as there is a release for it. The login is kept.',
      cause: failure.cause,
    },
  );
}
