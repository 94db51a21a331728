import type { StackLimits } from '../shared/protocol/hang-report.js';

/**
 * The whole program of a thread that says where the main thread is, also when that is in an endless loop: the debugger holds
 * it for a moment (measured: 1 ms) and lets it go on. Nothing is said while it is in one long call of Node or V8 itself.
 * It stands on its own: see {@link sourceOf}.
 */
export function takeMainStack(
  { parentPort, workerData }: typeof import('node:worker_threads'),
  { Session }: typeof import('node:inspector'),
): void {
  const limits = workerData as StackLimits;
  const urls = new Map<string, string>();
  const session = new Session();
  session.connectToMainThread();
  session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
  session.once('Debugger.paused', ({ params }) => {
    session.post('Debugger.resume');
    session.disconnect();
    const frames = params.callFrames.slice(0, limits.frames).map(({ functionName, location }) => ({
      functionName: functionName.slice(0, limits.nameLength),
      url: (urls.get(location.scriptId) ?? '').slice(0, limits.nameLength),
      // The protocol counts from 0, people from 1.
      line: location.lineNumber + 1,
      column: (location.columnNumber ?? 0) + 1,
    }));
    parentPort?.postMessage(frames);
  });
  // A session alone doesn't keep its thread alive.
  parentPort?.ref();
  session.post('Debugger.enable');
  session.post('Debugger.pause');
}
