/** What a sandbox waits for ends by itself (in 30 s, if nobody says otherwise); its answer takes no longer than this. */
const answerMs = 5_000;
const longestWaitMs = 30_000;

/**
 * Asks a running sandbox.
 *
 * @throws NoSandbox when there is none, NoAnswer when it says nothing in time, and RefusedByControl with its own words.
 */
export async function askControl(
  control: string,
  path: string,
  body?: Record<string, unknown>,
  { deadlineMs = waitOf(body) + answerMs }: { deadlineMs?: number } = {},
): Promise<Record<string, unknown>> {
  const request =
    body === undefined
      ? { method: 'GET' }
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const signal = AbortSignal.timeout(deadlineMs);
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL(path, control), { ...request, signal });
    text = await response.text();
  } catch {
    if (signal.aborted) throw new NoAnswer(`What listens at ${control} has not answered within ${deadlineMs} ms.`);
    throw new NoSandbox(`No sandbox answers at ${control}. Start one with: wasup sandbox (or npm start)`);
  }
  const answer = parseAnswer(text);
  if (response.ok) return answer;
  throw new RefusedByControl(typeof answer['error'] === 'string' ? answer['error'] : `HTTP ${response.status}`);
}

function waitOf(body: Record<string, unknown> | undefined): number {
  return typeof body?.['timeoutMs'] === 'number' ? body['timeoutMs'] : longestWaitMs;
}

function parseAnswer(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

export class NoSandbox extends Error {}
export class NoAnswer extends Error {}
export class RefusedByControl extends Error {}
