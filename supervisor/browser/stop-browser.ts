import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { supervisorExitCodes } from '../../shared/exit-codes.js';
import { WasupError } from '../../shared/errors.js';
import { within } from '../../shared/within.js';
import type { Switchboard } from '../switchboard/switchboard.js';
import { leavePages } from './leave-pages.js';
import { holds, whileStopping } from './profile-holders.js';
import { type BrowserStopBudget, divideBrowserStop } from '../stop-budget.js';
import { findBrowserProcesses } from './profile-processes.js';
import { signalProcess } from './signals.js';

export interface BrowserExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** `closed`: it left when asked, or by itself. `terminated`: after SIGTERM. `killed`: by SIGKILL, which can cost localStorage. */
export interface BrowserEnd {
  readonly how: 'closed' | 'terminated' | 'killed';
}

export interface RunningBrowser {
  /** Also its process group. */
  readonly pid: number;
  readonly profileDirectory: string;
  readonly exited: Promise<BrowserExit>;
}

/** When it can't even be asked, it may be about to leave. */
const unaskableGraceMs = 500;

/** Those that have been asked to leave: when their pipe closes, they are on their way. */
const asked = new WeakSet<RunningBrowser>();

/**
 * A browser that was stopped is told more than once to go on: the kernel hands a signal for a group also to a process that is being
 * forked meanwhile, but not the SIGCONT that follows, so that a new helper can stay stopped for which the others wait.
 */
const goOnIntervalMs = 100;

/** Its children see that it has gone and leave; measured: within 50 ms. */
const childrenGraceMs = 500;

const lookIntervalMs = 20;

/** What is still there then is found, and told, by the next start on the profile. */
const tidyTimeoutMs = 2_000;

/**
 * Climbs the ladder until the browser is gone, then makes sure that it has left nobody behind.
 * @param timeoutMs for all of it, with 0.75 s at least to kill and to look (see `divideBrowserStop`); 0 goes straight to the kill.
 * @throws WasupError if a process survives.
 */
export async function stopBrowser(
  browser: RunningBrowser,
  switchboard: Switchboard,
  timeoutMs: number,
): Promise<BrowserEnd> {
  const deadline = performance.now() + timeoutMs;
  return await whileStopping(browser.profileDirectory, async () => {
    const budget = divideBrowserStop(timeoutMs);
    const how = await endMainProcess(browser, switchboard, budget);
    await sweep(browser, Math.max(budget.sweepMs, deadline - performance.now()));
    if (holds(browser)) await removeLocks(browser.profileDirectory);
    return { how };
  });
}

/** Does for a browser that has left by itself what follows each stop: nobody stays behind, no lock either. Rejects never. */
export async function tidyUp(browser: RunningBrowser): Promise<void> {
  await whileStopping(browser.profileDirectory, async () => {
    await sweep(browser, tidyTimeoutMs);
    if (holds(browser)) await removeLocks(browser.profileDirectory);
  }).catch(() => undefined);
}

async function endMainProcess(
  browser: RunningBrowser,
  switchboard: Switchboard,
  budget: BrowserStopBudget,
): Promise<BrowserEnd['how']> {
  const { exited } = browser;
  const polite = budget.closeMs > 0 ? await endPolitely(browser, switchboard, budget) : undefined;
  if (polite !== undefined) return endedHow(exited, polite);
  signalProcess(-browser.pid, 'SIGKILL');
  await within(exited, budget.killMs);
  return endedHow(exited, 'killed');
}

/** Undefined: it is still there. */
async function endPolitely(
  browser: RunningBrowser,
  switchboard: Switchboard,
  { closeMs, terminateMs }: BrowserStopBudget,
): Promise<BrowserEnd['how'] | undefined> {
  // A stopped browser hears nothing until it goes on.
  const goOn = (): boolean => signalProcess(-browser.pid, 'SIGCONT');
  goOn();
  const goingOn = setInterval(goOn, goOnIntervalMs);
  try {
    const leaveMs = await askToClose(browser, switchboard, closeMs);
    if (await within(browser.exited, leaveMs)) return 'closed';
    await terminate(browser);
    return (await within(browser.exited, terminateMs)) ? 'terminated' : undefined;
  } finally {
    clearInterval(goingOn);
  }
}

/** Returns how long to wait for the browser to leave, in ms. */
async function askToClose(browser: RunningBrowser, switchboard: Switchboard, shareMs: number): Promise<number> {
  const begin = performance.now();
  const remainingMs = (): number => Math.max(0, shareMs - (performance.now() - begin));
  await leavePages(switchboard, shareMs / 2);
  if (!switchboard.closed) asked.add(browser);
  try {
    await switchboard.send('Browser.close', {}, { timeoutMs: remainingMs() });
    return remainingMs();
  } catch {
    return switchboard.closed && asked.has(browser) ? remainingMs() : Math.min(unaskableGraceMs, remainingMs());
  }
}

/** Only those who direct: its services keep what they hold only if they end in their turn. */
async function terminate({ pid, profileDirectory }: RunningBrowser): Promise<void> {
  const found = await findBrowserProcesses(profileDirectory, pid);
  // `pid` can be a start script that has stayed.
  const directing = found?.main.filter((id) => found.group.includes(id)) ?? [];
  // Ours is not reaped before its exit is told, so that nobody else can have its number.
  signalProcess(pid, 'SIGTERM');
  for (const id of directing) if (id !== pid) found?.signal(id, 'SIGTERM');
}

/** A call in parallel may have taken a harder step: the signal tells. */
async function endedHow(exited: Promise<BrowserExit>, step: BrowserEnd['how']): Promise<BrowserEnd['how']> {
  const exit = await Promise.race([exited, Promise.resolve()]);
  if (exit === undefined || exit.signal === 'SIGKILL') return 'killed';
  return exit.signal === 'SIGTERM' ? 'terminated' : step;
}

async function sweep(browser: RunningBrowser, timeoutMs: number): Promise<void> {
  const begin = performance.now();
  for (;;) {
    const { left, kill } = await leftBehind(browser);
    if (left.length === 0) return;
    const elapsed = performance.now() - begin;
    if (elapsed >= timeoutMs) throw stillThere(left, browser.profileDirectory);
    if (elapsed >= Math.min(childrenGraceMs, timeoutMs / 2)) kill();
    await delay(lookIntervalMs);
  }
}

interface LeftBehind {
  /** Process ids; a negative one is a group of which no more is known (systems without `/proc`). */
  readonly left: readonly number[];
  readonly kill: () => void;
}

async function leftBehind(browser: RunningBrowser): Promise<LeftBehind> {
  const found = await findBrowserProcesses(browser.profileDirectory, browser.pid);
  if (found === undefined) {
    const left = signalProcess(-browser.pid, 0) ? [-browser.pid] : [];
    return { left, kill: () => signalProcess(-browser.pid, 'SIGKILL') };
  }
  // Once another browser has the profile, what runs on it is that one.
  const onProfile = holds(browser) ? found.profile : [];
  const left = [...new Set([...found.group, ...onProfile])];
  return {
    left,
    kill: () => {
      for (const id of left) found.signal(id, 'SIGKILL');
    },
  };
}

/**
 * Only a browser that closes takes its locks along; one that ends by a signal, even by SIGTERM, leaves them. Nobody is left to
 * hold them, and in a container that gets another host name they would keep every later browser out.
 */
export async function removeLocks(profileDirectory: string): Promise<void> {
  const names = ['SingletonLock', 'SingletonCookie', 'SingletonSocket'];
  await Promise.all(names.map((name) => rm(join(profileDirectory, name), { force: true })));
}

/** Two browsers on one profile damage it, so one that can't be ended must be seen. */
export function stillThere(left: readonly number[], profileDirectory: string): WasupError {
  return new WasupError(`Browser processes can't be ended: ${left.join(', ')}. They hold ${profileDirectory}.`, {
    remedy: `Look at them with "ps -fp ${left.join(',')}" and end them; another browser on this profile would damage it.`,
    exitCode: supervisorExitCodes.unavailable,
  });
}
