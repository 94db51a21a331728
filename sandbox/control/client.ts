/** Asks a running sandbox; throws NoSandbox when none answers and RefusedByControl with its own words when it refuses. */
export async function askControl(
  control: string,
  path: string,
  body?: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const request =
    body === undefined
      ? { method: 'GET' }
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  let response: Response;
  try {
    response = await fetch(new URL(path, control), request);
  } catch {
    throw new NoSandbox(`No sandbox answers at ${control}. Start one with: wasup sandbox (or npm start)`);
  }
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (response.ok) return answer;
  throw new RefusedByControl(typeof answer['error'] === 'string' ? answer['error'] : `HTTP ${response.status}`);
}

export class NoSandbox extends Error {}
export class RefusedByControl extends Error {}
