import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileAtomically } from '../shared/files/write-file-atomically.js';
import type { Account } from './account.js';
import { Device } from './device.js';
import type { DeliveredEvent, GroupRecord } from './events.js';
import type { World } from './world.js';

const savedState = z.object({
  accounts: z.array(
    z.object({
      number: z.string(),
      pushname: z.string(),
      devices: z.array(
        z.object({ id: z.number(), token: z.string(), linkedAt: z.number(), queue: z.array(z.looseObject({})) }),
      ),
      contacts: z.array(z.looseObject({ id: z.string() })),
      groups: z.array(z.looseObject({ id: z.string() })),
    }),
  ),
});

/** Changes come in bursts; a file that is this much behind is soon enough. */
const settleMs = 100;

/** Keeps linked devices and what they have not got yet, so that a profile stays linked over restarts of the sandbox. */
export async function openStateFile(world: World): Promise<{ close(): Promise<void> }> {
  const file = world.options.stateFile;
  if (file === undefined) return { close: () => Promise.resolve() };
  load(world, file);

  let written = '';
  const write = async (): Promise<void> => {
    const text = JSON.stringify({ accounts: [...world.accounts.values()].map(describe) }, null, 1);
    if (text === written) return;
    await writeFileAtomically(file, text);
    written = text;
  };
  await write().catch((error: unknown) => {
    throw new Error(`The sandbox can't write its state file ${file}: ${String(error)}. Choose another --state-file.`);
  });

  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();
  /** One write at a time; what became of the one before has been told already. */
  const save = (): Promise<void> => (writing = writing.catch(() => undefined).then(write));
  world.changes.onChange(() => {
    timer ??= setTimeout(() => {
      timer = undefined;
      save().catch((error: unknown) => console.error(`sandbox: state file not written: ${String(error)}`));
    }, settleMs);
  });
  return {
    close: async () => {
      clearTimeout(timer);
      await save();
    },
  };
}

function load(world: World, file: string): void {
  if (!existsSync(file)) return;
  try {
    const { accounts } = savedState.parse(JSON.parse(readFileSync(file, 'utf8')));
    for (const { number, pushname, devices, contacts, groups } of accounts) {
      const account = world.account(number);
      account.pushname = pushname;
      for (const { id, token, linkedAt, queue } of devices) {
        account.adopt(new Device(id, token, linkedAt, queue as unknown as DeliveredEvent[]));
      }
      for (const contact of contacts) account.contacts.set(contact.id, contact);
      for (const group of groups) account.groups.set(group.id, group as unknown as GroupRecord);
    }
  } catch (error) {
    throw new Error(`${file} is not a state file of the sandbox (${String(error)}). Delete it or choose another.`);
  }
}

function describe(account: Account): unknown {
  return {
    number: account.number,
    pushname: account.pushname,
    devices: [...account.devices.values()].map(({ id, token, linkedAt, queue }) => ({ id, token, linkedAt, queue })),
    contacts: [...account.contacts.values()],
    groups: [...account.groups.values()],
  };
}
