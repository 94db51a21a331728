import { dirname, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const libraries = /[\\/]node_modules[\\/](puppeteer|puppeteer-core|whatsapp-web\.js)[\\/]/;
const ownRooms = ['worker', 'shared'].map((room) => fileURLToPath(new URL(`../${room}/`, import.meta.url)));

/**
 * Whether an error was made in the bot's folder, with neither whatsapp-web.js nor puppeteer on the way. A bot's own
 * database may say "Connection closed" too; that says nothing about WhatsApp or the browser. Pure.
 */
export function comesFromBot(thrown: unknown, botModule: string): boolean {
  if (!(thrown instanceof Error) || thrown.stack === undefined) return false;
  const calls = thrown.stack.split('\n').filter((line) => /^\s+at /.test(line));
  if (calls.some((call) => libraries.test(call))) return false;
  const folder = dirname(botModule) + sep;
  return calls.some((call) => mentions(call, folder) && !ownRooms.some((room) => mentions(call, room)));
}

/** An ES module stands in a stack by its URL, a CommonJS module by its path. */
function mentions(call: string, folder: string): boolean {
  return call.includes(folder) || call.includes(pathToFileURL(folder).href);
}
