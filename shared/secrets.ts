/** Written in the place of a secret. */
export const mask = '***';

/**
 * Environment variables whose whole value is a secret of the operator, also such as a later version of wasup may bring: tokens, keys, passwords,
 * and addresses that let in who knows them.
 */
const secretName = /^WASUP_(?:.*_)?(?:TOKEN|SECRET|KEY|PASSWORD|PASSPHRASE|URL|PROXY)$/i;

/** A name and a password in an address, as in `http://name:password@proxy`. */
const credentials = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@:"'\\<>]{0,200}:[^\s/@"'\\<>]{1,500}@/gi;

/** What is shorter is no secret, and would take letters out of other words. */
const shortestSecret = 6;

/** The secrets among environment variables. Pure. */
export function secretsIn(environment: NodeJS.ProcessEnv): string[] {
  return Object.entries(environment).flatMap(([name, value]) => (value && secretName.test(name) ? [value.trim()] : []));
}

/** A text without names and passwords in addresses. Pure. */
export function withoutPasswords(text: string): string {
  return text.includes('@') ? text.replace(credentials, `$1${mask}@`) : text;
}

/** Takes secrets out of texts, also as JSON has them, and names and passwords out of addresses. Pure. */
export function createRedactor(secrets: Iterable<string>): (text: string) => string {
  const written = [...secrets]
    .filter((secret) => secret.length >= shortestSecret)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
    // One that holds another goes first.
    .sort((one, other) => other.length - one.length);
  const known = [...new Set(written)];
  return (text) => withoutPasswords(known.reduce((rest, secret) => rest.replaceAll(secret, mask), text));
}

const kept = new Set<string>();
let redactor = createRedactor(kept);

/** From now on {@link redact} takes these out of everything that this process says. */
export function keepSecret(...secrets: readonly (string | undefined)[]): void {
  for (const secret of secrets) if (secret !== undefined) kept.add(secret);
  redactor = createRedactor(kept);
}

/** Takes the secrets of this process out of a text. */
export function redact(text: string): string {
  return redactor(text);
}

/** The same for each text in a value. */
export function redactAll(value: unknown): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map(redactAll);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, redactAll(one)]));
}
