import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, it } from 'vitest';

const healthcheck = fileURLToPath(new URL('../../deploy/healthcheck.js', import.meta.url));

let sessions: string;
beforeEach(async () => {
  sessions = await mkdtemp(join(tmpdir(), 'wasup-healthcheck-'));
});
afterEach(() => rm(sessions, { recursive: true }));

it.each([
  [200, 0, ''],
  [503, 1, '/healthz answers 503\n'],
])('a supervisor that answers %i makes it end with %i', async (statusCode, code, output) => {
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(statusCode).end();
  });
  await new Promise<void>((resolve) => server.listen(join(sessions, '.wasup.sock'), resolve));
  try {
    expect(await check()).toEqual({ code, output });
    expect(asked).toEqual(['/healthz']);
  } finally {
    server.close();
  }
});

it('no supervisor makes it end with 1, and it says where it has looked', async () => {
  const { code, output } = await check();
  expect(code).toBe(1);
  expect(output).toContain(join(sessions, '.wasup.sock'));
});

function check(): Promise<{ code: number | string | null; output: string }> {
  return new Promise((resolve) => {
    const environment = { ...process.env, WASUP_SESSIONS_DIR: sessions };
    const subprocess = execFile(process.execPath, [healthcheck], { env: environment }, (_error, output) =>
      resolve({ code: subprocess.exitCode, output }),
    );
  });
}
