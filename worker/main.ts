import { parseArgs } from 'node:util';
import { Socket } from 'node:net';

import { describeError, describeStack } from '../shared/errors.js';
import { workerExitCodes } from '../shared/exit-codes.js';
import { createOutput } from '../shared/logger.js';
import { standardOutput, writerTo } from '../shared/output/standard-output.js';
import { logDescriptor } from '../shared/protocol/log-descriptor.js';
import { protocolVersion } from '../shared/protocol/messages.js';
import { sessionPathsIn } from '../shared/paths.js';
import { withDeadline } from '../shared/with-deadline.js';
import { Attempts } from './attempts.js';
import { boundStandardStreams } from './bound-standard-streams.js';
import { createBotLog } from './bot-log.js';
import { classifyFailure } from './classify-failure.js';
import { comesFromBot } from './comes-from-bot.js';
import { endOwnGroup } from './end-own-group.js';
import { startGuardThread } from './guard-thread.js';
import { loadBot } from './load-bot.js';
import { type Session, startSession, type StopReason } from './session.js';
import { SupervisorConnection } from './supervisor-connection.js';
import { takeIpcChannel } from './take-ipc-channel.js';
import { Timeline } from './timeline.js';
import { watchFaults } from './watch-faults.js';
import { pageHalfVersion } from './whatsapp/page-relay.js';
import { rehearse } from './whatsapp/rehearse.js';
import { WorkerFailure } from './worker-failure.js';

/** The private line to the browser: a socketpair that the supervisor leaves at this descriptor. */
const lineDescriptor = 3;

/** A disk that takes longer than this is not worth a bot that stays away. */
const lastWritesTimeoutMs = 2_000;
/** What is with its handlers at a fault ends within this time, or is begun anew by the next life. */
const handlerGraceMs = 250;

const { values } = parseArgs({
  options: {
    bot: { type: 'string' },
    /** There is time before it is needed. */
    rehearse: { type: 'boolean', default: false },
    'log-level': { type: 'string', default: 'info' },
    'log-format': { type: 'string', default: 'pretty' },
  },
});
const logOptions = { level: values['log-level'], format: values['log-format'] === 'json' ? 'json' : 'pretty' } as const;
const channel = takeIpcChannel();
/** Its own line to the supervisor; started by hand there is none. */
const logWriter = channel === undefined ? standardOutput : writerTo(logDescriptor);
let output = createOutput(logOptions, { role: 'worker' }, logWriter);
boundStandardStreams([process.stdout, process.stderr], (writes) =>
  output.log.warn(`${writes} times what the bot printed was dropped: the supervisor did not read it.`),
);
let incarnation: number | null = null;
let session: Session | undefined;
let attempts: Attempts | undefined;
let ending = false;

if (channel === undefined || values.bot === undefined) {
  output.log.fatal('This is a part of wasup that the supervisor starts. Run `npm start` or `node supervisor` instead.');
  process.exit(workerExitCodes.configuration);
}

const supervisor = new SupervisorConnection(output.log, channel);
supervisor.on('gone', () => void end(workerExitCodes.stopped, 0, 'supervisor-gone'));
// It went while the modules were being loaded, when nobody heard of it; a bot with a timer would stay for ever.
if (!process.connected) await end(workerExitCodes.stopped, 0, 'supervisor-gone');
supervisor.on('stop', ({ deadlineMs, isOverMemory }) => {
  if (isOverMemory) session?.noteOverMemory();
  void end(workerExitCodes.stopped, deadlineMs);
});
process.on('SIGTERM', () => void endBySignal('SIGTERM'));
// Ctrl-C reaches the whole terminal; the supervisor hears it too and decides the order of the stop.
process.on('SIGINT', () => undefined);
watchFaults({
  fail: (thrown) => void fail(thrown),
  onTaken: (words) => output.log.warn(words),
});
// Everything here is synchronous, as an exit is.
process.on('exit', (code) => {
  if (!ending) session?.noteExit(code);
});
const guard = startGuardThread();

try {
  const bot = await loadBot(values.bot);
  // What goes wrong there goes wrong before nobody; a real page decides for itself.
  if (values.rehearse) await rehearse(output.log).catch((error: unknown) => output.log.debug(describeError(error)));
  await supervisor.send({
    type: 'hello',
    version: protocolVersion,
    pid: process.pid,
    bot: values.bot,
    pageHalf: pageHalfVersion,
  });
  const assignment = await supervisor.assignment;
  incarnation = assignment.incarnation;
  const account = `+${assignment.account}`;
  output = createOutput(logOptions, { role: 'worker', account }, logWriter);
  const botLog = createBotLog(createOutput(logOptions, { role: 'bot', account }, logWriter).log);
  const timeline = new Timeline((phase) => {
    void supervisor.send({ type: 'phase', incarnation: assignment.incarnation, phase });
  });
  attempts = new Attempts(assignment, timeline, (message) => supervisor.send(message));
  beatHeart(assignment.incarnation, assignment.deadlines.heartbeatIntervalMs, timeline);
  guard.expectHeartbeats(assignment.deadlines.heartbeatTimeoutMs);
  const line = new Socket({ fd: lineDescriptor });
  session = startSession(
    { assignment, paths: sessionPathsIn(assignment.sessionDirectory), output, botLog, supervisor, timeline, attempts },
    bot,
    line,
    (thrown) => void fail(thrown),
  );
} catch (error) {
  await fail(error);
}

function beatHeart(assigned: number, intervalMs: number, timeline: Timeline): void {
  let expectedAt = performance.now() + intervalMs;
  setInterval(() => {
    const now = performance.now();
    void supervisor.send({
      type: 'heartbeat',
      incarnation: assigned,
      phase: timeline.phase,
      lagMs: Math.max(0, Math.round(now - expectedAt)),
      rssBytes: process.memoryUsage.rss(),
      lastMessageAt: session?.lastMessageAt ?? null,
      lastProbe: session?.lastProbe ?? null,
      inbox: session?.inbox ?? null,
    });
    expectedAt = now + intervalMs;
  }, intervalMs).unref();
}

async function fail(thrown: unknown): Promise<void> {
  if (ending) return;
  ending = true;
  const failure = comesFromBot(thrown, values.bot ?? '')
    ? new WorkerFailure('BUG', describeError(thrown), { cause: thrown })
    : classifyFailure(thrown);
  // The supervisor tells it to people, with what follows from it; a second time would look like a second failure.
  // Where a bug is, only this process knows, and whose it is: mostly the bot's.
  if (failure.class === 'BUG')
    output.log.error({ class: failure.class }, `The worker ends with an error: ${stackOf(failure)}`);
  else output.log[process.connected ? 'debug' : 'error']({ class: failure.class }, failure.message);
  session?.noteFault(failure);
  await attempts?.fail(failure);
  // A handler that has ended the page on purpose ends well, a moment after it. Of a supervisor that takes the browser
  // with it no message is to blame.
  await session?.leaveMessages(handlerGraceMs, { isFault: process.connected });
  await supervisor.send({
    type: 'failure',
    incarnation,
    class: failure.class,
    reason: failure.message,
    userAction: failure.userAction,
  });
  // The browser goes with its supervisor, and may be missed first. Then nobody else writes the end down.
  if (!process.connected) {
    await session?.stop(0, 'supervisor-gone').catch(() => undefined);
    await endOwnGroup();
  }
  const settled = session?.settled() ?? Promise.resolve();
  await withDeadline(settled, lastWritesTimeoutMs, 'Writing the last records').catch(() => undefined);
  process.exit(failure.exitCode);
}

function stackOf({ cause, message }: WorkerFailure): string {
  return cause instanceof Error ? describeStack(cause) : message;
}

/**
 * The supervisor asks first. A signal without that comes from elsewhere; it is told apart from an end by the bot, as
 * any signal is.
 */
async function endBySignal(signal: NodeJS.Signals): Promise<void> {
  if (ending) return;
  ending = true;
  await stopSession(1_000, 'asked');
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

async function end(code: number, deadlineMs: number, why: StopReason = 'asked'): Promise<void> {
  if (ending) return;
  ending = true;
  await stopSession(deadlineMs, why);
  // Otherwise the supervisor does it.
  if (why === 'supervisor-gone') await endOwnGroup();
  process.exit(code);
}

async function stopSession(deadlineMs: number, why: StopReason): Promise<void> {
  await session?.stop(deadlineMs, why).catch((error: unknown) => {
    output.log.warn(`The session did not stop cleanly: ${describeError(error)}`);
  });
}
