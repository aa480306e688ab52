import type { Endpoint } from "../address/endpoint.js";
import { EndpointError } from "../errors.js";
import { asObject } from "../loose.js";
import { requestJson } from "../transport/request-json.js";

/** Vectors of texts. */
export interface Embeddings {
  /** One vector per text, in the texts' order, all of one length. */
  readonly vectors: readonly Float32Array[];
  /** Tokens of the texts; null where the server does not say. */
  readonly promptTokens: number | null;
}

function vectorOf(value: unknown, place: number): Float32Array {
  if (
    !Array.isArray(value) ||
    value.length === 0 ||
    // As 32-bit numbers: larger ones would be infinite in the vector.
    !value.every((number) => typeof number === "number" && Number.isFinite(Math.fround(number)))
  )
    throw new EndpointError(
      "invalid_response",
      `expected data[${place}].embedding as a list of numbers, found ${(JSON.stringify(value) ?? "nothing").slice(0, 80)}`,
    );
  return Float32Array.from(value);
}

/**
 * One POST to `/embeddings`: a vector per text.
 *
 * @throws {EndpointError} as `requestJson`; `invalid_response` when the answer is not one vector of one length per text
 */
export async function embedTexts(
  endpoint: Endpoint,
  body: { readonly model: string; readonly input: readonly string[] },
  options: { readonly signal?: AbortSignal } = {},
): Promise<Embeddings> {
  const { json } = await requestJson(endpoint, {
    path: "/embeddings",
    body: { encoding_format: "float", ...body },
    ...options,
  });
  const { data, usage } = asObject(json);
  if (!Array.isArray(data) || data.length !== body.input.length)
    throw new EndpointError(
      "invalid_response",
      `expected data with ${body.input.length} vectors, found ${Array.isArray(data) ? data.length : (JSON.stringify(json) ?? "nothing").slice(0, 120)}`,
    );
  const vectors: Float32Array[] = new Array(data.length);
  for (const [place, entry] of data.entries()) {
    const { index = place, embedding } = asObject(entry);
    if (typeof index !== "number" || !(index in data) || vectors[index] !== undefined)
      throw new EndpointError(
        "invalid_response",
        `expected each index from 0 to ${data.length - 1} once, found ${JSON.stringify(index)}`,
      );
    vectors[index] = vectorOf(embedding, place);
  }
  const lengths = new Set(vectors.map(({ length }) => length));
  if (lengths.size > 1)
    throw new EndpointError("invalid_response", `expected vectors of one length, found ${[...lengths].join(" and ")}`);
  const tokens = asObject(usage).prompt_tokens;
  return { vectors, promptTokens: typeof tokens === "number" && tokens >= 0 ? tokens : null };
}
