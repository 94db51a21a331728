import type { PageFindings } from './browser/look-at-page.js';

/** A socket that is connected, or that WhatsApp is connecting by itself. In all other states somebody has to do something about the page. */
const socketsToKeep: ReadonlySet<string | null> = new Set(['CONNECTED', 'OPENING', 'TIMEOUT']);

const whatsAppWebAddress = 'https://web.whatsapp.com/';

export type RungDecision = { readonly rung: 'hot' } | { readonly rung: 'warm'; readonly reason: string };

/**
 * Whether the next worker takes the page over as it is. Any doubt opens WhatsApp anew, in the same browser. Pure.
 *
 * @param pageHalf what the next worker can take over.
 */
export function decideRung({ pages, url, isAttached, look }: PageFindings, pageHalf: string): RungDecision {
  const reason = doubt();
  return reason === undefined ? { rung: 'hot' } : { rung: 'warm', reason };

  function doubt(): string | undefined {
    if (pages !== 1) return pages === 0 ? 'the browser has no page' : `the browser has ${pages} pages`;
    if (isAttached) return 'something else is attached to the page';
    if (!url.startsWith(whatsAppWebAddress)) return 'the page shows another address';
    if (look === 'silent') return 'the page does not answer';
    if (look === null) return "nothing of wasup's is in the page";
    if (look.version !== pageHalf) return 'another version of wasup or of the library is in the page';
    if (look.incarnation === null) return 'no listeners are attached in the page';
    if (!look.utilities) return 'whatsapp-web.js has gone from the page';
    if (!socketsToKeep.has(look.socket))
      return `the connection to WhatsApp is in the state ${look.socket ?? 'unknown'}`;
    if (!look.hasSynced) return 'WhatsApp has not synced in the page';
    if (look.identity === null) return 'the page is not linked';
    return undefined;
  }
}
