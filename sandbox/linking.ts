import type { Account } from './account.js';
import type { ChatConnection } from './chat-connection.js';
import type { Device } from './device.js';
import type { World } from './world.js';

const waitMs = 60_000;

/** Scans the QR code whose text is given, or without one the next that any unlinked page shows. */
export async function scanQr(
  world: World,
  account: Account,
  qr: string | undefined,
  timeoutMs = waitMs,
): Promise<void> {
  const connection =
    qr === undefined
      ? await world.changes.until(
          () =>
            [...world.connections].find(
              ({ ref, qrVisible, waitsForLink }) => ref !== undefined && qrVisible && waitsForLink,
            ),
          timeoutMs,
          () =>
            'a QR code to scan, but no unlinked page shows one. Is the browser running with sandbox.browserArguments?',
        )
      : findShown(world, qr);
  await complete(world, account, connection, timeoutMs);
}

/** Enters the given code, or without one whichever the next page asks for this number. */
export async function enterPairingCode(
  world: World,
  account: Account,
  code: string | undefined,
  timeoutMs = waitMs,
): Promise<void> {
  const forThisNumber = ({ pairing, waitsForLink }: ChatConnection): boolean =>
    waitsForLink && pairing?.number === account.number;
  const connection = await world.changes.until(
    () => [...world.connections].find(forThisNumber),
    timeoutMs,
    () => `a pairing code, but no page has asked for one for ${account.number}.`,
  );
  if (code !== undefined && connection.pairing?.code !== code.replaceAll('-', '').toUpperCase()) {
    throw new Error(`The pairing code ${code} is wrong: it is not the one that ${account.number} was shown last.`);
  }
  await complete(world, account, connection, timeoutMs);
}

function findShown(world: World, qr: string): ChatConnection {
  const [ref, noise, identity, adv] = qr.split(',');
  const connection = [...world.connections].find((candidate) => candidate.ref === ref);
  if (!connection?.keys)
    throw new Error('This QR code is not shown by any page (any more): it has expired or is spent.');
  const { keys } = connection;
  if (keys.noise !== noise || keys.identity !== identity || keys.adv !== adv) {
    throw new Error('This QR code carries other keys than the page that shows it.');
  }
  return connection;
}

async function complete(world: World, account: Account, connection: ChatConnection, timeoutMs: number): Promise<void> {
  const refusedBy = account.refuseNextLink;
  account.refuseNextLink = undefined;
  if (refusedBy === 'phone') {
    throw new Error(`The phone ${account.number} refused to link this device, as it was told to.`);
  }
  if (refusedBy === 'after-scan') {
    connection.refuseLink();
    await world.changes.until(
      () => (connection.ref !== undefined || !connection.waitsForLink ? true : undefined),
      timeoutMs,
      () => 'the page to show fresh QR codes after its link was refused.',
    );
    throw new Error(
      `WhatsApp refused to link this device after ${account.number} had taken its code, as it was told to.`,
    );
  }
  const device = connection.link(account);
  await world.changes.until(
    () => linked(account, device),
    timeoutMs,
    () => `the page to log in to ${account.number} after it was linked.`,
  );
}

function linked(account: Account, device: Device): true | undefined {
  if (!account.devices.has(device.id)) throw new Error('The device was unlinked again while it was being linked.');
  return device.connection ? true : undefined;
}
