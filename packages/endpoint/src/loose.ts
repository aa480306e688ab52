/** An object of a server, read defensively. */
export type Loose = { readonly [key: string]: unknown };

/** The value as an object; anything else is an empty one. */
export const asObject = (value: unknown): Loose =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Loose) : {};

/** The value when it is a text. */
export const asText = (value: unknown): string | null => (typeof value === "string" ? value : null);
