/** The parts of a parsed frame that the switchboard knows. */
export interface FrameContent {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Set on what belongs to one session; absent on what belongs to the whole connection (the root). */
  readonly sessionId?: string;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Parses a whole frame, with or without its zero byte; undefined if it isn't a JSON object. Members of a wrong type are left out. */
export function parseFrame(bytes: Buffer): FrameContent | undefined {
  const end = bytes.at(-1) === 0 ? bytes.length - 1 : bytes.length;
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8', 0, end));
  } catch {
    return undefined;
  }
  if (!isRecord(parsed)) return undefined;
  const { id, method, params, sessionId, result, error } = parsed;
  return {
    ...(typeof id === 'number' && { id }),
    ...(typeof method === 'string' && { method }),
    ...(isRecord(params) && { params }),
    ...(typeof sessionId === 'string' && { sessionId }),
    ...(result !== undefined && { result }),
    ...(isRecord(error) && { error: { message: String(error['message']) } }),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
