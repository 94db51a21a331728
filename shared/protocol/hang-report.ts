import { z } from 'zod';

/** The descriptor of a worker at which its guard thread writes what it finds, a line of JSON each; the supervisor reads it. */
export const hangDescriptor = 4;

/** A worker whose event loop stands still for less than this is only busy. */
export const leastStallMs = 200;

/** What a stack is cut down to. */
export const stackLimits = {
  /** The innermost frames say where it hangs; of a deep recursion the others only repeat it. */
  frames: 30,
  /** In characters, of a function and of a place; data: URLs can be of any length. */
  nameLength: 300,
} as const;
export type StackLimits = typeof stackLimits;

const name = z.string().max(stackLimits.nameLength);

/** One call of the stack of a thread. */
const stackFrameSchema = z.strictObject({
  /** Empty for an anonymous function and for a module's own level. */
  functionName: name,
  /** As V8 has it: a file: URL, a path, or node:…; empty for what was made by eval. */
  url: name,
  /** Both counted from 1. */
  line: z.int().positive(),
  column: z.int().positive(),
});
export type StackFrame = z.infer<typeof stackFrameSchema>;

/** The main thread of a worker stands still, and where: innermost call first. */
export const hangReportSchema = z.strictObject({
  stalledMs: z.number().nonnegative(),
  /** Empty when the thread was in something that can't be looked into, as one long call of Node or V8 itself. */
  frames: z.array(stackFrameSchema).max(stackLimits.frames),
});
export type HangReport = z.infer<typeof hangReportSchema>;
