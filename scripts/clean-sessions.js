// `npm run clean-sessions`: forgets every account. Logins go with it, so it shows what would go and asks first.
import { existsSync, lstatSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { compileConfiguration } from '../dist/shared/configuration/compile-configuration.js';

const exitCodes = { done: 0, usage: 64, running: 73 };

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error.remedy === undefined) throw error;
  process.exitCode = refuse(error.message, error.remedy, error.exitCode);
}

async function main(words) {
  const unknown = words.filter((word) => word !== '--yes');
  if (unknown.length > 0) {
    return refuse(
      `unknown: ${unknown.join(' ')}`,
      'Run `npm run clean-sessions`, or with `-- --yes`.',
      exitCodes.usage,
    );
  }
  const folder = await findFolder();
  const names = existsSync(folder) ? readdirSync(folder).filter(isOurs).sort() : [];
  if (names.length === 0) {
    console.log(`Nothing to clean in ${folder}.`);
    return exitCodes.done;
  }
  const holder = findHolder(folder, names);
  if (holder !== undefined) {
    return refuse(`wasup seems to run on ${folder}: ${holder}.`, 'Stop it first, then clean.', exitCodes.running);
  }
  console.log(`To be deleted from ${folder}:`);
  for (const name of names) console.log(`  ${name}${describe(join(folder, name))}`);
  console.log('Linked devices are forgotten: each account has to be linked again with the phone.');
  if (!words.includes('--yes')) {
    if (!process.stdin.isTTY) {
      return refuse(
        'nothing was deleted, as there is nobody to ask.',
        'Say `npm run clean-sessions -- --yes` when you mean it.',
        exitCodes.usage,
      );
    }
    if (!(await confirm())) {
      console.log('Nothing was deleted.');
      return exitCodes.done;
    }
  }
  for (const name of names) rmSync(join(folder, name), { recursive: true, force: true });
  console.log(`Deleted ${names.length} ${names.length === 1 ? 'entry' : 'entries'}.`);
  return exitCodes.done;
}

/** The folder that `npm start` would use here. */
async function findFolder() {
  const sources = { environment: process.env, flags: {}, workingDirectory: process.cwd() };
  return (await compileConfiguration(sources)).configuration.sessionsDirectory;
}

/** Only what wasup makes: a mistyped WASUP_SESSIONS_DIR must not cost somebody their home. */
function isOurs(name) {
  return /^session-\d+$/.test(name) || name === '.sandbox';
}

function describe(path) {
  if (!lstatSync(path).isDirectory()) return '';
  const status = readStatus(path);
  return status?.deviceLinked === true ? ` (linked${status.linkedAt ? ` since ${status.linkedAt}` : ''})` : '';
}

/** What says that a supervisor, worker or browser is at work here, or undefined. */
function findHolder(folder, names) {
  const inside = existsSync(join(folder, '.sandbox')) ? readdirSync(join(folder, '.sandbox')) : [];
  const sessions = [
    ...names.map((name) => join(folder, name)),
    ...inside.map((name) => join(folder, '.sandbox', name)),
  ];
  for (const session of sessions) {
    const status = readStatus(session);
    if (isAlive(status?.workerPid, ['worker']))
      return `worker ${status.workerPid} of account ${status.number} is alive`;
    if (isAlive(status?.browserPid, [session, 'chrom'])) {
      return `browser ${status.browserPid} of account ${status.number} is alive`;
    }
  }
  return undefined;
}

function readStatus(session) {
  try {
    return JSON.parse(readFileSync(join(session, 'device-status.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** After a reboot the number may be another program's: where /proc tells, its command line has to fit as well. */
function isAlive(pid, traits) {
  if (!Number.isSafeInteger(pid) || pid <= 1) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  try {
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').toLowerCase();
    return traits.some((trait) => commandLine.includes(trait.toLowerCase()));
  } catch {
    return true;
  }
}

async function confirm() {
  const dialogue = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await dialogue.question('Delete all of it? [y/N] ')).trim());
  } finally {
    dialogue.close();
  }
}

function refuse(message, remedy, exitCode) {
  console.error(`clean-sessions: ${message}\n  What to do: ${remedy}`);
  return exitCode;
}
