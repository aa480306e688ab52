import { expect, it } from "vitest";
import { retryAfterSeconds } from "./retry-after.js";

const NOW = Date.parse("2026-11-28T00:00:00Z");
const epoch = NOW / 1000;

it.each<[string, Record<string, string>, unknown, number | undefined]>([
  ["seconds", { "retry-after": "3" }, null, 3],
  ["a fraction", { "retry-after": "0.5" }, null, 0.5],
  ["a date", { "retry-after": "Sat, 28 Nov 2026 00:00:10 GMT" }, null, 10],
  ["a date that has passed", { "retry-after": "Fri, 27 Nov 2026 00:00:00 GMT" }, null, 0],
  ["an epoch in seconds", { "retry-after": String(epoch + 7) }, null, 7],
  ["an epoch in milliseconds", { "retry-after": String(NOW + 7000) }, null, 7],
  ["a day", { "retry-after": "86400" }, null, 86400],
  ["a duration", { "retry-after": "1m30s" }, null, 90],
  ["milliseconds, which are finer", { "retry-after": "3", "retry-after-ms": "2500" }, null, 2.5],
  ["less than nothing", { "retry-after": "-5" }, null, 0],
  ["nonsense", { "retry-after": "soon" }, null, undefined],
  ["nonsense with a number in it", { "retry-after": "soon 5" }, null, undefined],
  ["two values", { "retry-after": "120, 120" }, null, undefined],
  ["an older date", { "retry-after": "Saturday, 28-Nov-26 00:00:10 GMT" }, null, 10],
  ["nothing", {}, null, undefined],
  ["Gemini's RetryInfo", {}, [{ error: { details: [{ "@type": "RetryInfo", retryDelay: "34s" }] } }], 34],
  [
    "OpenAI's reset of what is used up",
    { "x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "0" },
    null,
    360,
  ],
  [
    "not the reset of what is left",
    { "x-ratelimit-reset-requests": "20ms", "x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "500" },
    null,
    0.02,
  ],
  [
    "OpenRouter's reset as an epoch",
    { "x-ratelimit-reset": String(NOW + 60_000), "x-ratelimit-remaining": "0" },
    null,
    60,
  ],
  ["Anthropic's reset as a date", { "anthropic-ratelimit-requests-reset": "2026-11-28T00:00:20Z" }, null, 20],
])("reads %s", (_, headers, body, seconds) => {
  const found = retryAfterSeconds(new Headers(headers), body, NOW);
  if (seconds === undefined) expect(found).toBeUndefined();
  else expect(found).toBeCloseTo(seconds, 6);
});
