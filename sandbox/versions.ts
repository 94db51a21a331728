/** The last WhatsApp Web build seen with the old message keys and the first with the new ones. */
export const versions = { legacy: '2.3000.1042386815', current: '2.3000.1042401057' } as const;

export type Build = keyof typeof versions;
