/** What an account makes of a person's request for a QR code or a pairing code. */
export interface LinkAnswer {
  readonly accepted: boolean;
  /** What happens now, or why nothing does. */
  readonly sentence: string;
  /** What the person can do; null when there is nothing to do but look at the phone. */
  readonly action: string | null;
}

/** How a device can be linked: by scanning a picture, or by entering eight characters on the phone. */
export const linkMethods = ['qr', 'code'] as const;
export type LinkMethod = (typeof linkMethods)[number];
