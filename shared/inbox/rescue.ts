import { rmSync } from 'node:fs';

import { InboxConnection } from './connection.js';
import { closeQuietly, type Database } from './inbox-file.js';
import type { InboxMessage } from './inbox-message.js';
import { toValues } from './rows.js';
import { type Fact, readFacts, readMessages } from './salvage.js';
import { companions } from './set-aside.js';
import { statements } from './statements.js';

export interface RescueOptions {
  /** What is read; closed at the end. Undefined for what can't even be opened. */
  readonly source: Database | undefined;
  /** The file that gets the messages; undefined for none. */
  readonly target: string | undefined;
  /** Gets the messages where there is no target, or it can't be written. */
  readonly keep: (messages: readonly InboxMessage[]) => void;
}

export interface Rescued {
  readonly messages: number;
  readonly facts: readonly Fact[];
  /** Whether that is all that there was. */
  readonly isComplete: boolean;
  /** Whether the target has the messages. */
  readonly isWritten: boolean;
}

/**
 * Copies the messages of one database into another file, or into memory where that file can't be written. Yields every few rows: nothing waits
 * for the whole of it. Never throws.
 */
export function* rescue(options: RescueOptions): Generator<undefined, Rescued> {
  const { source, target, keep } = options;
  if (source === undefined) return { messages: 0, facts: [], isComplete: false, isWritten: false };
  try {
    const { facts, isWhole: areFactsWhole } = readFacts(source);
    const written = target === undefined ? undefined : yield* copyIntoFile(source, target);
    const copied = written ?? (yield* copy(source, keep));
    const isComplete = copied.isWhole && areFactsWhole;
    return { messages: copied.messages, facts, isComplete, isWritten: written !== undefined };
  } finally {
    closeQuietly(source);
  }
}

/** Removes what an earlier try has left. */
export function removeTarget(target: string): void {
  for (const companion of companions) rmSync(`${target}${companion}`, { force: true });
}

interface Copied {
  readonly messages: number;
  readonly isWhole: boolean;
}

/** @returns undefined when the file can't be written. */
function* copyIntoFile(source: Database, target: string): Generator<undefined, Copied | undefined> {
  let file: InboxConnection | undefined;
  try {
    const opened = (file = new InboxConnection(target));
    const copied = yield* copy(source, (messages) =>
      opened.transaction(() => {
        for (const message of messages) opened.run(statements.upsert, ...toValues(message));
      }),
    );
    opened.checkpoint();
    return copied;
  } catch {
    return undefined;
  } finally {
    file?.close();
  }
}

function* copy(source: Database, take: (messages: readonly InboxMessage[]) => void): Generator<undefined, Copied> {
  let messages = 0;
  const isWhole = yield* readMessages(source, (rows) => {
    if (rows.length > 0) take(rows);
    messages += rows.length;
  });
  return { messages, isWhole };
}
