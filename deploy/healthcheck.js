// Ends with 0 when the supervisor of WASUP_SESSIONS_DIR says that it is well, else with 1 and why. For Docker's HEALTHCHECK.
import { get } from 'node:http';
import { join } from 'node:path';

const socketPath = join(process.env.WASUP_SESSIONS_DIR ?? 'sessions', '.wasup.sock');
/** Shorter than the HEALTHCHECK's own timeout, after which nothing would be said. */
const timeoutMs = 4_000;

function fail(why) {
  process.stdout.write(`${why}\n`);
  process.exit(1);
}

get({ socketPath, path: '/healthz', signal: AbortSignal.timeout(timeoutMs) }, (response) => {
  if (response.statusCode === 200) process.exit(0);
  fail(`/healthz answers ${response.statusCode}`);
}).on('error', (error) => fail(`nobody answers at ${socketPath}: ${error.message}`));
