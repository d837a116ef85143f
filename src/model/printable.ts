/** Text that a host has said, without what would steer a terminal: control characters, and marks that turn the direction of writing. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, "");
