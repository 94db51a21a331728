/** The page gets it as WhatsApp's ServerStatusCodeError. */
export class RefusedRequest extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}
