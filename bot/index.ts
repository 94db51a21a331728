import { defineBot } from './define-bot.js';

const startedAt = Date.now();
let handledMessages = 0;

/** The example: answers `!ping` and `!status`. Copy it, or point WASUP_BOT at your own module. */
export default defineBot({
  async onMessage(message, context) {
    handledMessages += 1;
    const command = message.body.trim().toLowerCase();
    if (command === '!ping') await context.reply('pong');
    if (command === '!status') await context.reply(describeStatus(context.account));
  },
});

function describeStatus(account: string): string {
  const uptimeSeconds = Math.round((Date.now() - startedAt) / 1000);
  const memoryMegabytes = Math.round(process.memoryUsage().rss / 1024 / 1024);
  return [
    `Account +${account}: listening`,
    `Worker ${process.pid}, up ${uptimeSeconds} s, ${memoryMegabytes} MB`,
    `Messages handled by this worker: ${handledMessages}`,
  ].join('\n');
}
