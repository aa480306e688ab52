import { type Endpoint, EndpointError, requestJson } from "@videosafety/endpoint";
import { longFetch } from "@videosafety/endpoint/node";
import { GrpoRolloutError } from "../errors.js";

/** How to reach an OpenAI-compatible vLLM server. One try may take 600 s unless `timeoutSeconds` says otherwise. */
export interface VllmServer extends Endpoint {
  /** Served model name. */
  readonly model: string;
  /** Requests in flight; default 8. */
  readonly concurrency?: number;
}

/** The endpoint of a server, with the time that long rollouts take. */
export const vllmEndpoint = (server: VllmServer): Endpoint => ({ timeoutSeconds: 600, fetch: longFetch, ...server });

/** The package's error for a failed request; any other value, such as an abort reason, is returned as it is. */
export function rolloutError(error: unknown, { model }: VllmServer): unknown {
  if (!(error instanceof EndpointError)) return error;
  const tries = error.attempts === 1 ? "1 try" : `${error.attempts} tries`;
  return new GrpoRolloutError(`failed after ${tries}: ${error.message}. Is vLLM serving "${model}" there?`, {
    cause: error,
  });
}

/**
 * One JSON request, tried again where that may help.
 *
 * @throws GrpoRolloutError with the status and the beginning of the answer; the signal's reason when aborted
 */
export async function vllmRequest(
  server: VllmServer,
  path: string,
  body: Readonly<Record<string, unknown>>,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  try {
    return (await requestJson(vllmEndpoint(server), { path, body, ...(signal && { signal }) })).json;
  } catch (error) {
    throw rolloutError(error, server);
  }
}
