import { browserArguments, whatsappHost } from './browser-arguments.js';
import { createCertificate } from './certificate.js';
import type { ModuleConditions, NetworkConditions, PageLoadConditions } from './conditions.js';
import { moduleConditions, networkConditions, pageLoadConditions } from './conditions.js';
import { startControlServer } from './control/server.js';
import type { SandboxOptions } from './options.js';
import { InvalidInput, parseInput, phoneNumber, resolveOptions } from './options.js';
import { readPage } from './page-bundle.js';
import { PageGate } from './page-gate.js';
import type { Phone } from './phone.js';
import { openStateFile } from './state-file.js';
import { versions } from './versions.js';
import { startWebServer } from './web-server.js';
import type { Counters } from './world.js';
import { World } from './world.js';

export type { DeviceAction, ReceivedMessage, SentMessage } from './account.js';
export type {
  DeviceState,
  ModuleConditions,
  NetworkConditions,
  PageLoadConditions,
  SyncConditions,
} from './conditions.js';
export type { SandboxOptions } from './options.js';
export { InvalidInput } from './options.js';
export { WaitTimeout } from './wait.js';
export type { CallInput, GroupInput, MediaInput, ParticipantsInput, Receipt, TextInput } from './phone-input.js';
export type { Condition, Phone, PhoneStatus, WaitOptions } from './phone.js';
export type { Counters } from './world.js';

export interface Sandbox {
  /** Where the emulated web.whatsapp.com listens. */
  readonly port: number;
  readonly controlUrl: string;
  /** Give these to Chromium and it finds the sandbox at WhatsApp's address. */
  readonly browserArguments: string[];
  /** Modules that a page was asked for and that the sandbox doesn't have, in the order of the first asking. */
  readonly unknownModules: string[];
  readonly servedModules: string[];
  /** Mistakes of the emulation's own page code, and what came that no page of it sends; empty when all is well. */
  readonly pageErrors: string[];
  readonly counters: Readonly<Counters>;
  readonly version: string;
  /** The phones that exist so far. */
  readonly phones: Phone[];
  /** The phone that holds this number; it exists from the first time it is asked for. */
  phone(number: string): Phone;
  network(conditions: NetworkConditions): void;
  pageLoads(conditions: PageLoadConditions): void;
  /** Takes modules away from pages that load from now on. @throws InvalidInput for a name that is not served anyway. */
  modules(conditions: ModuleConditions): void;
  close(): Promise<void>;
}

/** Starts an emulated WhatsApp on loopback ports of this machine. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const resolved = resolveOptions(options);
  const certificate = await createCertificate(whatsappHost);
  const page = readPage();
  const gate = new PageGate();
  const world = new World(resolved);
  const stateFile = await openStateFile(world);
  const web = await startWebServer(world, { certificate, page, gate });

  const sandbox: Sandbox & { controlUrl: string } = {
    port: web.port,
    controlUrl: '',
    browserArguments: browserArguments(web.port, certificate.fingerprint),
    version: versions[resolved.build],
    servedModules: page.modules,
    get unknownModules() {
      return [...world.pages.unknownModules];
    },
    get pageErrors() {
      return [...world.pages.errors];
    },
    counters: world.counters,
    get phones() {
      return [...world.accounts.keys()].map((number) => world.phone(number));
    },
    phone: (number) => world.phone(parseInput(phoneNumber, number, 'phone')),
    network(conditions) {
      Object.assign(world.network, parseInput(networkConditions, conditions, 'network'));
      if (world.network.cut) for (const connection of world.connections) connection.drop();
      world.changed();
    },
    pageLoads: (conditions) => gate.set(parseInput(pageLoadConditions, conditions, 'pageLoads')),
    modules(conditions) {
      const parsed = parseInput(moduleConditions, conditions, 'modules');
      const unknown = parsed.missing.filter((name) => !page.modules.includes(name));
      if (unknown.length > 0) {
        throw new InvalidInput(`modules: missing: the sandbox has no ${unknown.join(', ')} to take away.`);
      }
      world.modules = parsed;
    },
    async close() {
      world.changes.close();
      await control.close();
      await web.close();
      await stateFile.close();
    },
  };
  const control = await startControlServer(sandbox, resolved.controlPort).catch(async (error: unknown) => {
    await web.close();
    throw error;
  });
  sandbox.controlUrl = control.url;
  return sandbox;
}
