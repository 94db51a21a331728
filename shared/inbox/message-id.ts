/**
 * The text that names a message, from its key as it crosses from the page: WhatsApp has kept it in `_serialized` until July 2026 and in `$1`
 * since; a key that has neither is put together from its parts, as WhatsApp does. Both shapes of one key give the same text.
 *
 * @returns undefined for what is no key.
 */
export function messageId(key: unknown): string | undefined {
  if (typeof key === 'string') return key === '' ? undefined : key;
  if (typeof key !== 'object' || key === null) return undefined;
  const { _serialized: text, $1: minified, fromMe, remote, id, participant } = key as Record<string, unknown>;
  for (const candidate of [text, minified]) if (typeof candidate === 'string' && candidate !== '') return candidate;
  const chat = chatId(remote);
  if (typeof fromMe !== 'boolean' || chat === undefined || typeof id !== 'string' || id === '') return undefined;
  const sender = chatId(participant);
  return [String(fromMe), chat, id, ...(sender === undefined ? [] : [sender])].join('_');
}

/** Whether the account has sent the message of this id itself. */
export function isOwn(id: string): boolean {
  return id.startsWith('true_');
}

/** The text of a chat's or a person's id: as text already, or an object with its text in `_serialized`. */
export function chatId(wid: unknown): string | undefined {
  if (typeof wid === 'string') return wid === '' ? undefined : wid;
  if (typeof wid !== 'object' || wid === null) return undefined;
  const { _serialized: text, user, server } = wid as Record<string, unknown>;
  if (typeof text === 'string' && text !== '') return text;
  return typeof user === 'string' && typeof server === 'string' ? `${user}@${server}` : undefined;
}
