import { EndpointError } from "../errors.js";

const SHOWN = "[redacted]";
/** Values that servers without keys are given: hiding them would hide ordinary words. */
const PLACEHOLDERS = new Set([
  "none",
  "empty",
  "null",
  "no-key",
  "nokey",
  "not-needed",
  "dummy",
  "ollama",
  "lm-studio",
  "key",
]);
/** Shorter secrets are hidden in messages only: in an answer they may be ordinary text. */
const LONG = 8;

/** Hides an endpoint's secrets. */
export interface Redactor {
  /** For messages and logs: hides the secrets, and whatever looks like a key. */
  readonly message: (text: string) => string;
  /** For a server's answers: hides the endpoint's own secrets of 8 characters or more, and nothing else. */
  readonly answer: (text: string) => string;
}

const quoted = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

/** The forms in which a secret comes back: as it is, in JSON, in an address, in Base64. */
function forms(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const base64 = btoa(String.fromCharCode(...bytes));
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), base64, base64.replace(/=+$/, "")];
}

function pattern(secrets: readonly string[]): RegExp | null {
  const all = [...new Set(secrets.flatMap(forms))].sort((a, b) => b.length - a.length);
  return all.length === 0 ? null : new RegExp(all.map(quoted).join("|"), "gi");
}

/** What looks like a key of a known provider, or follows "Bearer". */
const KEY_LIKE =
  /\b(bearer|basic)\s+[\w.~+/=-]{6,}|\b(sk|pk|rk|gsk|hf|xai|nvapi|AIza)[-_]?[A-Za-z0-9][\w*-]{14,}|\b(redis|rediss|https?):\/\/[^\s/@:"']*:[^\s/@"']+@/gi;

/** Builds a {@link Redactor} for the secrets of one endpoint; values that servers without keys are given stay. */
export function createRedactor(secrets: readonly string[]): Redactor {
  const real = secrets.filter((secret) => secret.length >= 3 && !PLACEHOLDERS.has(secret.toLowerCase()));
  const any = pattern(real);
  const long = pattern(real.filter((secret) => secret.length >= LONG));
  return {
    message: (text) =>
      (any === null ? text : text.replace(any, SHOWN)).replace(KEY_LIKE, (_match, header, _key, scheme) =>
        header ? `${header} ${SHOWN}` : scheme ? `${scheme}://${SHOWN}@` : SHOWN,
      ),
    answer: (text) => (long === null ? text : text.replace(long, SHOWN)),
  };
}

/** Levels of nesting that an answer may have; a completion has about ten. */
const DEEPEST = 200;

/**
 * A parsed JSON value with every string in it redacted, keys of objects included.
 *
 * @throws {EndpointError} `invalid_response` for a value nested deeper than 200 levels
 */
export function redactDeep(value: unknown, redact: (text: string) => string, level = 0): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value !== "object" || value === null) return value;
  if (level >= DEEPEST)
    throw new EndpointError("invalid_response", `expected JSON of at most ${DEEPEST} levels, found deeper nesting`);
  const inner = (entry: unknown): unknown => redactDeep(entry, redact, level + 1);
  if (Array.isArray(value)) return value.map(inner);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [redact(key), inner(entry)]));
}
