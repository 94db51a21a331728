import { DeadlineError, withDeadline } from '../../shared/with-deadline.js';
import { classifyFailure } from '../classify-failure.js';
import { WorkerFailure } from '../worker-failure.js';
import type { Page } from './library.js';
import { type PageState, readPageState } from './page-state.js';

/**
 * One bounded look at the page: its state; `silent` when it doesn't answer in time; undefined when it was just
 * navigating, which the next look will tell more about.
 *
 * @throws WorkerFailure when the page or the browser is gone, or WhatsApp Web isn't what it was.
 */
export async function lookAt(page: Page, timeoutMs: number): Promise<PageState | 'silent' | undefined> {
  try {
    return await withDeadline(readPageState(page), timeoutMs, 'Looking at the page');
  } catch (error) {
    if (error instanceof DeadlineError) return 'silent';
    const failure = classifyFailure(error);
    if (failure.class === 'TRANSIENT') return undefined;
    throw failure;
  }
}

/** The supervisor asks the browser itself, on a clock that leaves out its own pauses, and kills one that hangs: its word comes first. */
const browserPatience = 3;

/** What a page's silence means: one alone is opened anew, a browser that is silent too has to be replaced. */
export async function failureOfSilence(page: Page, silentMs: number, timeoutMs: number): Promise<WorkerFailure> {
  const reason = `The page has not answered for ${silentMs} ms`;
  try {
    await withDeadline(page.browser().version(), browserPatience * timeoutMs, 'Asking the browser');
  } catch (error) {
    return new WorkerFailure('LOCAL', `${reason}, and the browser doesn't either`, { cause: error });
  }
  return new WorkerFailure('TRANSIENT', reason);
}
