/** An account's number: digits only, as WhatsApp writes it, country code first (E.164 without the plus: 7 to 15 digits). */
export const accountNumberPattern = /^[1-9]\d{6,14}$/;
