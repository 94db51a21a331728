// Run by `npm run dev` in a process of its own after a change: loads what the supervisor and its workers load, and runs nothing of it.
// One that ends without an error could load it.
await import('../../supervisor/commands.js');
// These are loaded when they are needed.
await import('../../supervisor/watch-sources.js');
await import('../../supervisor/sandbox-demonstration.js');
await import('../../supervisor/commands/account-commands.js');
await import('../../worker/session.js');
await import('../../worker/load-bot.js');
process.exit(0);
