import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where these tests are from. */
export const ownCheckout = fileURLToPath(new URL('../..', import.meta.url));

/** What `npm run dev` runs of a checkout, without npm. */
export const developmentCommand = (): [string, ...string[]] => [
  process.execPath,
  '--import',
  'tsx',
  'scripts/development/main.ts',
];

const parts = [
  'supervisor',
  'worker',
  'shared',
  'sandbox',
  'bot',
  'scripts',
  'index.ts',
  'package.json',
  'nodemon.json',
  'tsconfig.json',
];

/** The sources of wasup in a folder of their own, for tests that change them. */
export class Checkout {
  readonly folder: string;

  static async copyTo(folder: string, { withBuild = false }: { withBuild?: boolean } = {}): Promise<Checkout> {
    const wanted = withBuild ? [...parts, 'dist'] : parts;
    await Promise.all(wanted.map((part) => cp(join(ownCheckout, part), join(folder, part), { recursive: true })));
    await symlink(realpathSync(join(ownCheckout, 'node_modules')), join(folder, 'node_modules'));
    return new Checkout(folder);
  }

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @throws Error when the text isn't there: then the test is about something that has gone. */
  async replace(file: string, text: string, by: string): Promise<void> {
    const path = join(this.folder, file);
    const source = await readFile(path, 'utf8');
    if (!source.includes(text)) throw new Error(`${file} holds no "${text}" any more.`);
    await writeFile(path, source.replace(text, by));
  }
}
