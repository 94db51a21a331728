/** The text of an id of WhatsApp's, which is an object or the text itself. */
export function textOfWid(wid: unknown): string | undefined {
  if (typeof wid === 'string') return wid;
  const text = (wid as { _serialized?: unknown } | null | undefined)?._serialized;
  return typeof text === 'string' ? text : undefined;
}
