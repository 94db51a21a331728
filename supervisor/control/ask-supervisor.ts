import { request } from 'node:http';

import { describeError, WasupError } from '../../shared/errors.js';
import { supervisorExitCodes } from '../../shared/exit-codes.js';
import { controlSocketPath, longestSocketPathBytes } from './socket-path.js';

const answerTimeoutMs = 10_000;

export interface ControlAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/**
 * Asks the supervisor that runs on a sessions folder.
 *
 * @throws WasupError with exit code 69 when none answers there.
 */
export async function askSupervisor(sessionsDirectory: string, path: string, body: object): Promise<ControlAnswer> {
  const socketPath = controlSocketPath(sessionsDirectory);
  try {
    // A longer one would be cut off, and another file be asked.
    if (Buffer.byteLength(socketPath) > longestSocketPathBytes) throw new Error('its path is too long for a socket');
    return await post(socketPath, path, JSON.stringify(body));
  } catch (error) {
    const nobody = ['ENOENT', 'ECONNREFUSED'].includes((error as NodeJS.ErrnoException).code ?? '');
    throw new WasupError(
      nobody
        ? `No supervisor runs on ${sessionsDirectory}.`
        : `The supervisor of ${sessionsDirectory} can't be asked (${describeError(error)}).`,
      {
        remedy: nobody
          ? 'Start one (`node supervisor`), or name the right folder with --sessions-dir or WASUP_SESSIONS_DIR.'
          : 'Look at what the supervisor says, as the user who runs it, and restart it if it hangs.',
        exitCode: supervisorExitCodes.unavailable,
        cause: error,
      },
    );
  }
}

function post(socketPath: string, path: string, body: string): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), host: 'wasup' };
    const signal = AbortSignal.timeout(answerTimeoutMs);
    const asked = request({ socketPath, path, method: 'POST', headers, signal, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown> });
        } catch {
          reject(new Error('its answer is no JSON'));
        }
      });
    });
    asked.on('error', (error) => {
      reject(signal.aborted ? new Error(`it has not answered within ${answerTimeoutMs / 1_000} s`) : error);
    });
    asked.end(body);
  });
}
