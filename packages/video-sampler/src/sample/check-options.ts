import { z } from "zod";
import { InvalidPlanError } from "../errors.js";
import { suggestions } from "../plan/suggestions.js";

/** A schema of an object whose members are all known. */
export type StrictSchema = z.ZodObject<Record<string, z.ZodType>>;

/**
 * Holds options against a strict schema: a misspelt or unknown member is an error that names what was probably meant.
 * @param what the options of what, for the message
 * @throws InvalidPlanError
 */
export function checkOptions(schema: StrictSchema, options: unknown, what: string): void {
  const result = schema.safeParse(options);
  if (result.success) return;
  const hints = [suggestions(options, vocabularyOf(schema))];
  for (const [name, inner] of Object.entries(schema.shape)) {
    const nested = unwrap(inner);
    if (nested instanceof z.ZodObject)
      hints.push(
        suggestions((options as Record<string, unknown> | null)?.[name], vocabularyOf(nested as StrictSchema)),
      );
  }
  throw new InvalidPlanError(
    `The options of ${what} are not valid:\n${z.prettifyError(result.error)}${hints.join("")}`,
  );
}

function vocabularyOf({ shape }: StrictSchema): { members: string[]; values: Record<string, string[]> } {
  const values = Object.entries(shape).flatMap(([name, schema]) => {
    const inner = unwrap(schema);
    return inner instanceof z.ZodEnum ? [[name, inner.options.map(String)] as const] : [];
  });
  return { members: Object.keys(shape), values: Object.fromEntries(values) };
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema;
}
