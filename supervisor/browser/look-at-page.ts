import { pageLookExpression, type PageLook, pageLookSchema } from '../../shared/protocol/page-look.js';
import type { Switchboard } from '../switchboard/switchboard.js';

/** A page that is well answers in a millisecond or two. One that doesn't answer in this time is opened anew. A busy one needs part of it. */
const lookTimeoutMs = 2_000;
/** The browser itself is another matter: one that doesn't answer is replaced. */
const browserTimeoutMs = 3_000;

/** What a look at a browser without a client has found. */
export interface PageFindings {
  /** How many pages there are; the rest is about the only one. */
  readonly pages: number;
  readonly url: string;
  /** Whether somebody else holds it by a debugging session. */
  readonly isAttached: boolean;
  /** What our half in the page says; null when there is none that makes sense. `silent`: the page doesn't answer. */
  readonly look: PageLook | 'silent' | null;
}

/**
 * Looks at the page that a worker has left, through a session of its own, which is gone again afterwards. Changes nothing.
 *
 * @throws Error when the browser itself doesn't answer within 3 s.
 */
export async function lookAtPage(switchboard: Switchboard): Promise<PageFindings> {
  const { targetInfos } = (await switchboard.send('Target.getTargets', {}, { timeoutMs: browserTimeoutMs })) as {
    targetInfos: readonly TargetInfo[];
  };
  const pages = targetInfos.filter(({ type }) => type === 'page');
  const [page] = pages;
  const found = { pages: pages.length, url: page?.url ?? '', isAttached: page?.attached === true };
  // The rest would be asked of a page that nobody goes on with.
  if (page === undefined || pages.length > 1 || page.attached) return { ...found, look: null };
  return { ...found, look: await askPage(switchboard, page.targetId) };
}

interface TargetInfo {
  readonly targetId: string;
  readonly type: string;
  readonly url: string;
  readonly attached: boolean;
}

async function askPage(switchboard: Switchboard, targetId: string): Promise<PageFindings['look']> {
  const attached = await switchboard.send(
    'Target.attachToTarget',
    { targetId, flatten: true },
    { timeoutMs: browserTimeoutMs },
  );
  const { sessionId } = attached as { sessionId: string };
  try {
    const answer = (await switchboard.send(
      'Runtime.evaluate',
      { expression: pageLookExpression, returnByValue: true, timeout: lookTimeoutMs },
      { sessionId, timeoutMs: lookTimeoutMs },
    )) as { result?: { value?: unknown } };
    return pageLookSchema.safeParse(answer.result?.value).data ?? null;
  } catch {
    return 'silent';
  } finally {
    // Not waited for: the browser serves commands in order, so it is done before what the next client asks.
    switchboard.send('Target.detachFromTarget', { sessionId }).catch(() => undefined);
  }
}
