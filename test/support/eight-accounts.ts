import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { SentMessage } from '../../sandbox/index.js';
import type { AccountView } from '../../supervisor/control/controlled.js';
import { contactNumber, Stage } from './stage.js';
import type { SupervisorProcess } from './supervisor-process.js';
import { until } from './until.js';

/** Numbers that are kept free for fiction. */
export const numbers: readonly string[] = Array.from({ length: 8 }, (_, index) => `1202555011${index}`);

/** What takes one account seconds takes eight of them, on two cores, several times as long. */
const listeningTimeoutMs = 120_000;

export type Pids = Pick<AccountView, 'workerPid' | 'browserPid'>;

/** Several accounts under one supervisor, each with its phone in one sandbox; seen through the control API. */
export class ManyAccounts {
  readonly stage: Stage;
  readonly numbers: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  #supervisor: SupervisorProcess | undefined;
  #url = '';
  #token = '';

  /** @param environment of each start, beside what a stage says; an empty value takes back what that says. */
  static async open(
    accounts: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ManyAccounts> {
    return new ManyAccounts(await Stage.open(), accounts, environment);
  }

  private constructor(stage: Stage, accounts: readonly string[], environment: Readonly<Record<string, string>>) {
    this.stage = stage;
    this.numbers = accounts;
    this.#environment = environment;
  }

  get supervisor(): SupervisorProcess {
    if (this.#supervisor === undefined) throw new Error('Nothing was started.');
    return this.#supervisor;
  }

  /** Resolves when the supervisor can be asked; its accounts are on their way up. */
  async start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const supervisor = this.stage.start({
      environment: {
        WASUP_ACCOUNTS: this.numbers.join(','),
        // A pairing code names the number that it is for: each phone finds its own page.
        WASUP_AUTH_METHOD: 'code',
        ...this.#environment,
        ...environment,
      },
    });
    this.#supervisor = supervisor;
    [, this.#url = ''] = await supervisor.waitForLine(/Dashboard and control API: (http:[^\s"]+)/);
    this.#token = (await readFile(join(this.stage.sessionsFolder, '.http-token'), 'utf8')).trim();
  }

  /** Their phones take the codes that are shown. */
  async link(accounts = this.numbers): Promise<void> {
    const timeoutMs = listeningTimeoutMs;
    await Promise.all(
      accounts.map((number) => this.stage.sandbox.phone(number).enterPairingCode(undefined, { timeoutMs })),
    );
    await this.waitUntilListening(accounts);
  }

  request(path: string, method: 'GET' | 'POST' = 'GET'): Promise<Response> {
    const body = method === 'POST' ? { body: '{}' } : {};
    return fetch(new URL(path, this.#url), {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...body,
    });
  }

  async views(): Promise<AccountView[]> {
    return (await (await this.request('/api/accounts')).json()) as AccountView[];
  }

  async view(number: string): Promise<AccountView | undefined> {
    return (await this.views()).find((view) => view.number === number);
  }

  /** The processes that serve each account now; of all that there are, or of these. */
  async pids(accounts?: readonly string[]): Promise<Record<string, Pids>> {
    const views = (await this.views()).filter(({ number }) => accounts?.includes(number) ?? true);
    return Object.fromEntries(
      views.map(({ number, workerPid, browserPid }) => [number, { workerPid, browserPid }] as const),
    );
  }

  /** @param besides processes of an earlier life; then only another worker counts. */
  async waitUntilListening(accounts: readonly string[], besides: Readonly<Record<string, Pids>> = {}): Promise<void> {
    let latest: AccountView[] = [];
    const isUp = (number: string): boolean => {
      const view = latest.find((candidate) => candidate.number === number);
      return view?.isActive === true && view.workerPid !== besides[number]?.workerPid;
    };
    await until(
      async () => {
        latest = await this.views();
        return accounts.every(isUp) ? true : undefined;
      },
      {
        timeoutMs: listeningTimeoutMs,
        expectation: () =>
          `${accounts.filter((number) => !isUp(number)).join(', ')} to listen.${this.supervisor.describe()}`,
      },
    );
  }

  /** A contact writes to the account; resolves with the bot's quoted answer. */
  async ask(number: string, body = '!ping'): Promise<SentMessage> {
    const phone = this.stage.sandbox.phone(number);
    const { id } = await phone.receiveText({ from: contactNumber, body });
    return phone.waitForSent(({ quotedMessageId }) => quotedMessageId === id);
  }

  async askAll(accounts = this.numbers): Promise<string[]> {
    return Promise.all(accounts.map(async (number) => (await this.ask(number)).body));
  }

  close(): Promise<void> {
    return this.stage.close();
  }
}
