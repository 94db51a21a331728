// The plain library as its README starts it, as a process of its own: one account, LocalAuth, default settings. Says
// on stdout when it begins and when it is ready; SIGTERM closes the browser cleanly. With a socket to tell of messages,
// it handles them as wasup's bot does.
import whatsapp from 'whatsapp-web.js';

const { Client, LocalAuth } = whatsapp;
const { dataPath, executablePath, browserArguments } = JSON.parse(process.argv[2]);

const client = new Client({
  authStrategy: new LocalAuth({ dataPath }),
  // The library's own default would write a cache into the working directory, and read it back.
  webVersionCache: { type: 'none' },
  // Puppeteer's own handler would kill the browser, and with it the login, before it can be closed.
  puppeteer: { executablePath, args: browserArguments, handleSIGTERM: false },
});
if (process.env.BENCH_HANDLED_SOCKET !== undefined) {
  const { default: bot } = await import('./noting-bot.js');
  client.on('message', bot.onMessage);
}
client.once('ready', () => say('ready'));
process.once('SIGTERM', async () => {
  await client.destroy();
  process.exit(0);
});
say('initialize');
await client.initialize();

function say(event) {
  process.stdout.write(`${JSON.stringify({ event })}\n`);
}
