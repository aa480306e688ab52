import { RequestError } from "@videosafety/endpoint/server";

/** Where a request below `/v1` goes. */
export interface ApiPath {
  /** Below the base URL, with its query. */
  readonly path: string;
  /** `chat`: assessed. `generates`: an answer whose question the guard does not read. `other`: everything else. */
  readonly kind: "chat" | "generates" | "other";
}

/** Routes of OpenAI's API and of vLLM's and other servers' that answer texts. */
const GENERATES =
  /^\/(completions|responses|messages|edits|generate|assistants|threads|conversations|realtime|batches|chat|fine_tuning|inference|invocations|interactions|score|rerank|pooling|classify|api)(\/|$)/;

/**
 * Reads an address. Only one way of writing each is accepted, so that no other spelling (dots, doubled slashes, escapes, capitals) leads past the guard.
 *
 * @throws RequestError 404
 */
export function readApiPath(url: string): ApiPath {
  const mark = url.indexOf("?");
  const [path, query] = mark < 0 ? [url, ""] : [url.slice(0, mark), url.slice(mark)];
  const plain = /^\/v1(\/[A-Za-z0-9_~:@.-]+)+$/.test(path) && !/\/\.{1,2}(\/|$)/.test(path);
  if (!plain || /[#\s]/.test(query))
    throw new RequestError(404, "not_found", "expected a path of the API below /v1, such as /v1/chat/completions");
  const below = path.slice(3);
  const lower = below.toLowerCase();
  const kind = below === "/chat/completions" ? "chat" : GENERATES.test(lower) ? "generates" : "other";
  return { path: `${below}${query}`, kind };
}
