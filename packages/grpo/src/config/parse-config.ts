import * as z from "zod/mini";
import { GrpoConfigError } from "../errors.js";

/** Parses `value` with a strict zod schema; a failure becomes one readable `GrpoConfigError`. */
export function parseConfig<Schema extends z.ZodMiniType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new GrpoConfigError(`${what} is not valid:\n${z.prettifyError(result.error)}`, { cause: result.error });
}
