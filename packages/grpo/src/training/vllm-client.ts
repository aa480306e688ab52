import { GrpoRolloutError } from "../errors.js";

/** How to reach an OpenAI-compatible vLLM server. */
export interface VllmServer {
  /** Up to and including `/v1`, e.g. `http://127.0.0.1:8000/v1`. */
  readonly baseUrl: string;
  /** Served model name. */
  readonly model: string;
  /** Bearer token, when the server was started with one. */
  readonly apiKey?: string;
  /** Requests in flight; default 8. */
  readonly concurrency?: number;
  /** Longest wait for one answer in seconds; default 600. */
  readonly timeoutSeconds?: number;
  /** Further tries after a network error, 429 or 5xx; default 3. */
  readonly retries?: number;
}

/**
 * One JSON request, tried again after network errors, 429 and 5xx with growing pauses.
 *
 * @throws GrpoRolloutError with the status and the beginning of the answer; the signal's reason when aborted
 */
export async function vllmRequest(
  server: VllmServer,
  path: string,
  body: unknown,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const retries = server.retries ?? 3;
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    const outcome = await once(server, path, body, signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      return { failure: `no answer (${error instanceof Error ? error.message : error})`, final: false, cause: error };
    });
    if ("answer" in outcome) return outcome.answer;
    if (outcome.final || attempt >= retries)
      throw new GrpoRolloutError(
        `${server.baseUrl}${path} failed after ${attempt + 1} tries: ${outcome.failure}. Is vLLM serving "${server.model}" there?`,
        { cause: outcome.cause },
      );
    await pause(250 * 2 ** attempt, signal);
  }
}

type Outcome = { answer: unknown } | { failure: string; final: boolean; cause?: unknown };

async function once(
  server: VllmServer,
  path: string,
  body: unknown,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const timeout = AbortSignal.timeout((server.timeoutSeconds ?? 600) * 1000);
  const response = await fetch(`${server.baseUrl}${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(server.apiKey !== undefined && { authorization: `Bearer ${server.apiKey}` }),
    },
    body: JSON.stringify(body),
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  });
  if (response.ok) return { answer: await response.json() };
  const text = (await response.text()).slice(0, 500);
  return { failure: `HTTP ${response.status}: ${text}`, final: response.status < 500 && response.status !== 429 };
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Maps with at most `limit` calls at a time, results in order; the first failure stops the rest from starting. */
export async function mapLimited<T, R>(
  values: readonly T[],
  limit: number,
  work: (value: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(values.length);
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < values.length && !failed) {
      const index = next++;
      try {
        results[index] = await work(values[index] as T, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, values.length) }, worker));
  return results;
}
