import { json, type Reply, RequestError, type Route, sameSecret } from "@videosafety/endpoint/server";
import type { DriftWatch } from "../proxy/drift-watch-node.js";
import type { LiveRecord } from "../proxy/live-record.js";
import { GUARD_PAGE, GUARD_PAGE_POLICY } from "./guard-page-node.js";

/** What the page shows. */
export interface PageParts {
  /** Without it nothing is shown. */
  readonly token: string;
  readonly statement: () => object;
  readonly live: LiveRecord;
  readonly drift: DriftWatch;
}

/** Header that carries the page's token. */
const TOKEN_HEADER = "x-guard-token";

/** The page and what it asks for: `/` and `/guard/live?after=N`. */
export function createPageRoutes({ token, statement, live, drift }: PageParts): Readonly<Record<string, Route>> {
  const guarded = (handle: (query: URLSearchParams) => Reply): Route => ({
    method: "GET",
    secured: false,
    async handle(request) {
      const query = new URL(request.url ?? "/", "http://localhost").searchParams;
      const given = request.headers[TOKEN_HEADER] ?? query.get("token") ?? "";
      if (!sameSecret(String(given), token))
        throw new RequestError(
          401,
          "unauthorized",
          "expected the token of the address that videosafety guard serve printed",
        );
      return handle(query);
    },
  });
  const safe = { "cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };
  return {
    "/": guarded(() => ({
      type: "text/html; charset=utf-8",
      headers: { ...safe, "content-security-policy": GUARD_PAGE_POLICY, "x-frame-options": "DENY" },
      parts: [GUARD_PAGE],
    })),
    "/guard/live": guarded((query) => {
      const after = Number(query.get("after") ?? 0);
      if (!Number.isSafeInteger(after) || after < 0)
        throw new RequestError(400, "invalid_request", "after: expected a number of an event, found another text");
      return {
        ...json({ guard: statement(), events: live.after(after), history: drift.history }),
        headers: safe,
      };
    }),
  };
}
