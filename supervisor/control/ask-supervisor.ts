import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { describeError, WasupError } from '../../shared/errors.js';
import { supervisorExitCodes } from '../../shared/exit-codes.js';
import { controlSocketName, openSocketFolder } from './socket-address.js';

const defaultAnswerTimeoutMs = 10_000;
/** One that is starting has its answers soon. */
const startingRetryMs = 100;

export interface ControlAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/**
 * Asks the supervisor that runs on a sessions folder; waits for one that is just starting.
 *
 * @param answerTimeoutMs how long it may take altogether. Default: 10000.
 * @throws WasupError with exit code 69 when none answers there.
 */
export async function askSupervisor(
  sessionsDirectory: string,
  path: string,
  body: object,
  answerTimeoutMs = defaultAnswerTimeoutMs,
): Promise<ControlAnswer> {
  try {
    const folder = openSocketFolder(sessionsDirectory, controlSocketName);
    try {
      const signal = AbortSignal.timeout(answerTimeoutMs);
      for (;;) {
        const answer = await post(folder.address(controlSocketName), path, JSON.stringify(body), signal).catch(
          (error: unknown) => {
            throw signal.aborted ? new Error(`it has not answered within ${answerTimeoutMs / 1_000} s`) : error;
          },
        );
        if (answer.body['starting'] !== true || signal.aborted) return answer;
        await delay(startingRetryMs);
      }
    } finally {
      folder.close();
    }
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

function post(socketPath: string, path: string, body: string, signal: AbortSignal): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), host: 'wasup' };
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
    asked.on('error', reject);
    asked.end(body);
  });
}
