import type { z } from 'zod';
import type { JsonFileKind } from './json-file.js';

/** A file that holds a list. Of a damaged one the sound entries are kept. */
export function jsonList<Entry>(entrySchema: z.ZodType<Entry>): JsonFileKind<readonly Entry[]> {
  return {
    create: () => [],
    salvage: (content) => {
      if (!Array.isArray(content)) return { value: [], damage: 'not an array' };
      const parsed = content.map((entry) => entrySchema.safeParse(entry));
      const sound = parsed.flatMap(({ success, data }) => (success ? [data] : []));
      const dropped = parsed.length - sound.length;
      return { value: sound, damage: dropped === 0 ? undefined : `${dropped} of ${parsed.length} entries unreadable` };
    },
  };
}
