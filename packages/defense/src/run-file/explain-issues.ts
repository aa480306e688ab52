import type { z } from "zod";
import { closest } from "../command/closest.js";

/** A part of a JSON Schema, as far as names are looked for in it. */
interface SchemaPart {
  readonly properties?: Readonly<Record<string, SchemaPart>>;
  readonly items?: SchemaPart;
  readonly additionalProperties?: SchemaPart | boolean;
  readonly anyOf?: readonly SchemaPart[];
  readonly oneOf?: readonly SchemaPart[];
  readonly allOf?: readonly SchemaPart[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, SchemaPart>>;
}

/** Every way a part can be read. */
function alternatives(part: SchemaPart, root: SchemaPart): SchemaPart[] {
  const target = part.$ref === undefined ? undefined : root.$defs?.[part.$ref.split("/").at(-1) as string];
  const inner = [...(part.anyOf ?? []), ...(part.oneOf ?? []), ...(part.allOf ?? []), ...(target ? [target] : [])];
  return [part, ...inner.flatMap((one) => alternatives(one, root))];
}

/** Names that an object at a path may have, over all its forms. */
export function namesAt(schema: object, path: readonly PropertyKey[]): string[] {
  const root = schema as SchemaPart;
  let parts = alternatives(root, root);
  for (const key of path) {
    parts = parts.flatMap((part): SchemaPart[] => {
      if (typeof key === "number") return part.items === undefined ? [] : alternatives(part.items, root);
      const own = part.properties?.[String(key)];
      if (own !== undefined) return alternatives(own, root);
      const { additionalProperties: any } = part;
      return typeof any === "object" ? alternatives(any, root) : [];
    });
  }
  return [...new Set(parts.flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

const show = (path: readonly PropertyKey[]): string => (path.length === 0 ? "the file" : path.map(String).join("."));

/** One line per mistake: where, what was expected, and for a wrong name the one that was probably meant. Values are not repeated. */
export function explainIssues(error: z.ZodError, schema: object): string[] {
  return error.issues.flatMap((issue): string[] => {
    if (issue.code === "unrecognized_keys") {
      const known = namesAt(schema, issue.path);
      return issue.keys.map((key) => {
        const near = closest(key, known);
        const hint = near === null ? `known: ${known.join(", ")}` : `did you mean ${near}?`;
        return `${show(issue.path)}: unknown key ${JSON.stringify(key)}; ${hint}`;
      });
    }
    if (issue.code === "invalid_union" && issue.errors.length > 0) {
      const fewest = issue.errors.reduce((a, b) => (b.length < a.length ? b : a));
      return fewest.map((inner) => `${show([...issue.path, ...inner.path])}: ${inner.message}`);
    }
    return [`${show(issue.path)}: ${issue.message}`];
  });
}
