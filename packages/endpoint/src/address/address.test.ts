import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { displayUrl, parseBaseUrl } from "./base-url.js";
import { type Endpoint, resolveEndpoint } from "./endpoint.js";
import { createRedactor, redactDeep } from "./redact.js";

const url = (baseUrl: string) => resolveEndpoint({ baseUrl }).url("/chat/completions");

describe("parseBaseUrl", () => {
  it.each([
    ["http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/chat/completions"],
    ["http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1/chat/completions"],
    ["http://h:8000//v1//", "http://h:8000/v1/chat/completions"],
    ["http:////h/v1", "http://h/v1/chat/completions"],
    ["localhost:8000/v1", "http://localhost:8000/v1/chat/completions"],
    ["127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/chat/completions"],
    ["[::1]:8000/v1", "http://[::1]:8000/v1/chat/completions"],
    ["gpu-box:8000/v1", "http://gpu-box:8000/v1/chat/completions"],
    ["//api.example.com/v1", "https://api.example.com/v1/chat/completions"],
    ["api.example.com/v1", "https://api.example.com/v1/chat/completions"],
    ["  https://api.example.com/v1\n", "https://api.example.com/v1/chat/completions"],
    ["https://api.example.com/v1/chat/completions", "https://api.example.com/v1/chat/completions"],
    [
      "https://r.openai.azure.com/openai/deployments/d?api-version=2024-10-21",
      "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
    ],
    ["https://user:pa%20ss@h.example/v1", "https://h.example/v1/chat/completions"],
  ])("%j -> %s", (base, expected) => expect(url(base)).toBe(expected));

  it.each(["", "   ", "ftp://h/v1", "http://", "http://exa mple/v1", "file:///etc", "http://h:99999/v1"])(
    "refuses %j",
    (base) => expect(() => parseBaseUrl(base)).toThrow(expect.objectContaining({ code: "config" })),
  );

  it("shows no credentials", () => {
    expect(displayUrl("https://u:hunter22@h.example/v1?api-version=1&key=abcdef")).toBe(
      "https://h.example/v1?api-version=1&key=redacted",
    );
    expect(() => parseBaseUrl("http://u:hunter22@h:99999/v1")).toThrow(/^(?!.*hunter22)/);
  });
});

describe("resolveEndpoint", () => {
  const base = { baseUrl: "http://h/v1" };
  const headers = (extra: Partial<Endpoint>) => resolveEndpoint({ ...base, ...extra }).headers;

  it("puts the key where it belongs", () => {
    expect(headers({ apiKey: " sk-1\n" }).authorization).toBe("Bearer sk-1");
    expect(headers({ apiKey: "sk-1", auth: "api-key" })).toMatchObject({ "api-key": "sk-1" });
    expect(headers({ apiKey: "sk-1", auth: "none" }).authorization).toBeUndefined();
    expect(headers({}).authorization).toBeUndefined();
    expect(headers({ baseUrl: "https://r.openai.azure.com/openai/v1", apiKey: "k1" })["api-key"]).toBe("k1");
    expect(headers({ baseUrl: "https://u:p@h/v1" }).authorization).toBe(`Basic ${btoa("u:p")}`);
    expect(headers({ headers: { "X-Team": "a" } })["x-team"]).toBe("a");
  });

  it.each<[string, Partial<Endpoint>]>([
    ["an inner line break", { apiKey: "sk-first\nsk-second" }],
    ["a blank inside", { apiKey: "sk-first sk-second" }],
    ["an empty key", { apiKey: " \n" }],
    ["another alphabet", { apiKey: "sk-första-sk-second" }],
    ["a header with a line break", { headers: { "x-api-key": "sk-first\r\nsk-second" } }],
    ["a header without a name", { headers: { "": "sk-second" } }],
    ["two ways to log in", { baseUrl: "http://u:sk-second@h/v1", apiKey: "sk-first" }],
    ["a time-out of no length", { timeoutSeconds: 0 }],
    ["a time-out that is no number", { timeoutSeconds: Number.NaN }],
    ["a time-out that Node's fetch would cut", { timeoutSeconds: 900 }],
    ["negative retries", { retries: -1 }],
  ])("refuses %s without repeating it", (_, extra) => {
    expect(() => resolveEndpoint({ ...base, ...extra })).toThrow(
      expect.objectContaining({ code: "config", message: expect.not.stringMatching(/sk-first|sk-second/) }),
    );
  });
});

describe("createRedactor", () => {
  it("hides a secret in any form it comes back in", () => {
    const secret = fc.string({ unit: fc.constantFrom(...'abcXYZ0189-_+/="\\'), minLength: 8, maxLength: 60 });
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (key, before, after) => {
        const { message, answer } = createRedactor([key]);
        const forms = [key, JSON.stringify(key).slice(1, -1), encodeURIComponent(key), btoa(key)];
        for (const form of forms) {
          expect(message(`${before}${form}${after}`)).not.toContain(form);
          expect(answer(`${before}${form}${after}`)).not.toContain(form);
        }
      }),
    );
  });

  it("hides keys that are not ours, and leaves words alone", () => {
    const { message, answer } = createRedactor(["EMPTY"]);
    expect(message("Incorrect API key provided: sk-proj-abcdefghijklmnop1234")).not.toContain("abcdefghijkl");
    expect(message("redis://u:hunter22@h:6379")).not.toContain("hunter22");
    expect(message("header Bearer abcdefghijk")).not.toContain("abcdefghijk");
    expect(message("an EMPTY body at http://h:8000/v1")).toBe("an EMPTY body at http://h:8000/v1");
    expect(answer("skills and sk-proj-abcdefghijklmnop1234")).toContain("sk-proj");
    expect(
      redactDeep({ "my-secret-key": ["my-secret-key", 1, null] }, createRedactor(["my-secret-key"]).answer),
    ).toEqual({
      "[redacted]": ["[redacted]", 1, null],
    });
  });
});
