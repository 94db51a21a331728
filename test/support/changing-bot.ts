import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A bot module that a test changes while it runs. */
export class ChangingBot {
  readonly path: string;

  constructor(folder: string) {
    this.path = join(folder, 'changing-bot.mjs');
  }

  /** From now on it says this, after the id of its process. */
  says(words: string): this {
    return this.is(`export default {
      onMessage(message, ctx) {
        return ctx.reply(process.pid + ' says ${words}');
      },
    };`);
  }

  /** It works until it is loaded, and takes its time for each message. */
  is(source: string): this {
    writeFileSync(this.path, source);
    return this;
  }
}
