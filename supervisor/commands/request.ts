import { askSupervisor } from '../control/ask-supervisor.js';
import { findSessionsDirectory, type SessionsDirectoryFlag, type SetExitCode } from './account-arguments.js';

const refusedExitCode = 1;

export interface SupervisorRequest {
  readonly path: string;
  readonly body?: object;
  /** Milliseconds, where it may take longer than the usual answer. */
  readonly answerTimeoutMs?: number;
}

/**
 * Asks the running supervisor of the folder for something, and prints what follows, or on stderr why nothing does (exit
 * code 1) and what to do.
 *
 * @throws WasupError with exit code 69 when no supervisor answers.
 */
export async function requestOfSupervisor(
  { path, body = {}, answerTimeoutMs }: SupervisorRequest,
  flags: SessionsDirectoryFlag,
  setExitCode: SetExitCode,
): Promise<void> {
  const sessionsDirectory = await findSessionsDirectory(flags);
  const answer = await askSupervisor(sessionsDirectory, path, body, answerTimeoutMs);
  const isDone = answer.status >= 200 && answer.status < 300;
  const lines = [answer.body[isDone ? 'sentence' : 'error'], answer.body['action']];
  const text = lines.filter((line) => typeof line === 'string').map((line) => `${line}\n`);
  (isDone ? process.stdout : process.stderr).write(text.join(''));
  if (!isDone) setExitCode(refusedExitCode);
}
