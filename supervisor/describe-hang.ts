import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { HangReport, StackFrame } from '../shared/protocol/hang-report.js';

export interface HangPlaces {
  /** Undefined when the worker has said nothing of that kind since its last heartbeat. */
  readonly hang: HangReport | undefined;
  readonly botModule: string;
  /** Folder that wasup's rooms are in. Default: where this one is. */
  readonly ownFolder?: string;
}

/** More callers than these are a stack, not a sentence. */
const maxCallers = 2;

/**
 * Where a worker's main thread stands still, as "its event loop hangs in handle (/bots/bot.js:12:5), called from onMessage
 * (…)"; undefined when nothing is known of a hang. The bot's own calls are named first: what they called may be a library
 * that does as it was told. Pure.
 */
export function describeHang({ hang, botModule, ownFolder = parentFolder() }: HangPlaces): string | undefined {
  if (hang === undefined) return undefined;
  const place = locate({ hang, botModule, ownFolder });
  if (place === undefined) {
    const seconds = (hang.stalledMs / 1_000).toFixed(1);
    return `its event loop had stood still for ${seconds} s, in one long call of Node.js or V8 that can't be looked into`;
  }
  const { where, callers, called } = place;
  const inside = called === undefined ? '' : `, which had called ${describeFrame(called)}`;
  const calledFrom = differing(where, callers).slice(0, maxCallers).map(describeFrame);
  const from = calledFrom.length === 0 ? '' : `, called from ${calledFrom.join(', from ')}`;
  return `its event loop hangs in ${describeFrame(where)}${inside}${from}`;
}

/**
 * What a person is to mend so that a worker doesn't hang there again; undefined when nothing is known of a hang. Pure.
 */
export function mendHang({ hang, botModule, ownFolder = parentFolder() }: HangPlaces): string | undefined {
  if (hang === undefined) return undefined;
  const place = locate({ hang, botModule, ownFolder });
  if (place === undefined) {
    return 'Look in the bot for a call that keeps its thread for seconds (a regular expression, JSON of many MB, a synchronous file or child process), and take it off the main thread';
  }
  const { where } = place;
  const what = `${describeFrame(where)}: it kept the event loop for ${(hang.stalledMs / 1_000).toFixed(1)} s or longer`;
  return isOwn(where.url, ownFolder) ? `Report this, it is a fault of wasup: ${what}` : `Mend ${what}`;
}

/** Where it hangs, who has called that, and what that has called: the bot's innermost call, or else the innermost there is. */
function locate({
  hang,
  botModule,
  ownFolder,
}: Required<HangPlaces>):
  | { readonly where: StackFrame; readonly callers: readonly StackFrame[]; readonly called: StackFrame | undefined }
  | undefined {
  const frames = tellingFrames(hang?.frames ?? [], ownFolder);
  const folder = dirname(botModule) + sep;
  const isOfBot = ({ url }: StackFrame): boolean => placeOf(url).startsWith(folder) && !isLibrary(url);
  const firstOfBot = Math.max(0, frames.findIndex(isOfBot));
  const [where, ...callers] = frames.slice(firstOfBot);
  return where === undefined ? undefined : { where, callers, called: frames[firstOfBot - 1] };
}

/** Node's own calls and wasup's tell nothing, unless there are no others. */
function tellingFrames(frames: readonly StackFrame[], ownFolder: string): readonly StackFrame[] {
  const foreign = frames.filter(({ url }) => url !== '' && !url.startsWith('node:') && !isOwn(url, ownFolder));
  return foreign.length > 0 ? foreign : frames;
}

function isOwn(url: string, ownFolder: string): boolean {
  const place = placeOf(url);
  return ['worker', 'shared'].some((room) => place.startsWith(`${ownFolder}${room}${sep}`));
}

function isLibrary(url: string): boolean {
  return url.includes('/node_modules/');
}

/** A recursion is told once. */
function differing(where: StackFrame, callers: readonly StackFrame[]): StackFrame[] {
  let last = where;
  return callers.filter((caller) => {
    const isOther = caller.functionName !== last.functionName || caller.url !== last.url;
    last = caller;
    return isOther;
  });
}

function describeFrame({ functionName, url, line, column }: StackFrame): string {
  const name = functionName === '' ? 'an anonymous function' : functionName;
  return `${name} (${url === '' ? 'eval' : placeOf(url)}:${line}:${column})`;
}

/** An ES module stands in a stack by its URL, a CommonJS module by its path. */
function placeOf(url: string): string {
  if (!url.startsWith('file:')) return url;
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}

function parentFolder(): string {
  return fileURLToPath(new URL('../', import.meta.url));
}
