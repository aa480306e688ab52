import { EndpointError } from "../errors.js";

/**
 * Maps with at most `limit` calls at a time, results in order; the first failure stops the rest from starting.
 *
 * @throws {EndpointError} `config` for a limit that is no positive whole number
 */
export async function mapLimited<T, R>(
  values: readonly T[],
  limit: number,
  work: (value: T, index: number) => Promise<R>,
): Promise<R[]> {
  if (!Number.isInteger(limit) || limit < 1)
    throw new EndpointError("config", `expected a positive whole number of calls at a time, found ${limit}`);
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
