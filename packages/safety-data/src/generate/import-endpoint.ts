import { GenerationError } from "../errors.js";

/**
 * The client of OpenAI-compatible servers: an optional peer, for records from grammars alone need none.
 *
 * @throws {GenerationError} `config` when it is not installed
 */
export async function importEndpoint() {
  try {
    return await import("@videosafety/endpoint");
  } catch (cause) {
    throw new GenerationError(
      "config",
      "expected the optional peer @videosafety/endpoint, which asks models, found that it cannot be loaded: npm install @videosafety/endpoint",
      { cause },
    );
  }
}
