import { z } from 'zod';

export const phoneNumber = z
  .string()
  .regex(/^\d{5,15}$/, 'a phone number is 5 to 15 digits, with the country code and without + or spaces');

const port = z.number().int().min(0).max(65_535);
const milliseconds = z.number().int().min(0).max(86_400_000);

export const sandboxOptions = z.strictObject({
  /** Port of the emulated web.whatsapp.com; 0 takes any free one. */
  port: port.default(0),
  /** Port of the control API; 0 takes any free one. */
  controlPort: port.default(0),
  /** WhatsApp Web before (`legacy`) or after (`current`) July 2026: they keep the text of a message key differently. */
  build: z.enum(['current', 'legacy']).default('current'),
  /** Where the server remembers linked devices and undelivered messages between two lives of the sandbox. */
  stateFile: z.string().min(1).optional(),
  /** The phone with this number scans every QR code that is shown. */
  autoLink: z.strictObject({ number: phoneNumber, delayMs: milliseconds.default(0) }).optional(),
  /** WhatsApp shows the first QR code for a minute, five more for 20 s each, and then stops. */
  qr: z
    .strictObject({
      firstRefMs: milliseconds.min(1).default(60_000),
      laterRefMs: milliseconds.min(1).default(20_000),
      refs: z.number().int().min(1).max(100).default(6),
    })
    .default({ firstRefMs: 60_000, laterRefMs: 20_000, refs: 6 }),
  /** How long a page's socket may be gone before its state turns from OPENING to TIMEOUT. */
  socketTimeoutMs: milliseconds.default(20_000),
});

export type SandboxOptions = z.input<typeof sandboxOptions>;
export type ResolvedSandboxOptions = z.output<typeof sandboxOptions>;

export function resolveOptions(options: SandboxOptions): ResolvedSandboxOptions {
  return parseInput(sandboxOptions, options, 'startSandbox()');
}

/** Input that a person or a test gave: the error names the place, the field and what it should be. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown, place: string): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const complaints = result.error.issues.map(({ path, message }) => `${path.join('.') || 'input'}: ${message}`);
  throw new InvalidInput(`${place}: ${complaints.join('; ')}`);
}

export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
}
