/** Numbers beyond are moments (seconds since 1970), not durations: 1e9 s is 31 years, and was in 2001. */
const EPOCH_SECONDS = 1e9;
const EPOCH_MILLISECONDS = 1e11;

/** Seconds of a duration such as `34s`, `1.5s`, `120ms`, `6m0s`, `1h2m3s` (OpenAI, Gemini); undefined for anything else. */
export function durationSeconds(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^(\d+(\.\d+)?(ms|h|m|s))+$/.test(trimmed)) return undefined;
  const unit = { ms: 0.001, s: 1, m: 60, h: 3600 } as const;
  let total = 0;
  for (const [, amount, , name] of trimmed.matchAll(/(\d+(\.\d+)?)(ms|h|m|s)/g))
    total += Number(amount) * unit[name as keyof typeof unit];
  return total;
}

/** Seconds from now that a text means: a number of seconds, a moment as epoch or date, a duration; undefined for nonsense. */
export function waitSeconds(text: string | null | undefined, now: number): number | undefined {
  if (text === null || text === undefined || text.trim() === "") return undefined;
  const value = Number(text);
  if (Number.isFinite(value)) {
    if (value >= EPOCH_MILLISECONDS) return Math.max(0, (value - now) / 1000);
    if (value >= EPOCH_SECONDS) return Math.max(0, value - now / 1000);
    return Math.max(0, value);
  }
  const duration = durationSeconds(text);
  if (duration !== undefined) return duration;
  // Date.parse makes dates of nearly anything ("soon 5" is in 2001).
  if (!/^\s*([a-z]{3,9},? \d{1,2}[ -][a-z]{3}[ -]\d{2,4}|[a-z]{3} [a-z]{3} +\d|\d{4}-\d\d-\d\d)/i.test(text))
    return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}

const RESETS = [
  ["x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"],
  ["x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"],
  ["anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining"],
  ["anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining"],
  ["x-ratelimit-reset", "x-ratelimit-remaining"],
  ["ratelimit-reset", "ratelimit-remaining"],
] as const;

/** `retryDelay` of Google's RetryInfo, wherever it stands in the first levels of an error body. */
function retryInfo(body: unknown, levels = 5): string | undefined {
  if (levels === 0 || typeof body !== "object" || body === null) return undefined;
  if (Array.isArray(body))
    return body.map((entry) => retryInfo(entry, levels - 1)).find((delay) => delay !== undefined);
  const { retryDelay, error, details } = body as { retryDelay?: unknown; error?: unknown; details?: unknown };
  return typeof retryDelay === "string" ? retryDelay : (retryInfo(details, levels - 1) ?? retryInfo(error, levels - 1));
}

/**
 * Seconds that a server asks to wait: `retry-after-ms`, `Retry-After` (seconds, date or epoch), Google's RetryInfo in the
 * body, then the reset times of limits that are used up. Undefined when it says nothing.
 *
 * @param now milliseconds since 1970
 */
export function retryAfterSeconds(
  headers: Headers,
  body: unknown = null,
  now: number = Date.now(),
): number | undefined {
  const milliseconds = Number(headers.get("retry-after-ms") ?? headers.get("x-ms-retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(milliseconds)) return Math.max(0, milliseconds / 1000);
  const named = waitSeconds(headers.get("retry-after"), now) ?? waitSeconds(retryInfo(body), now);
  if (named !== undefined) return named;
  const resets = RESETS.flatMap(([reset, remaining]) => {
    const left = headers.get(remaining);
    const seconds = waitSeconds(headers.get(reset), now);
    return seconds === undefined || (left !== null && Number(left) > 0) ? [] : [seconds];
  });
  return resets.length === 0 ? undefined : Math.max(...resets);
}
