import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { z } from "zod";
import { regularFile } from "../data/regular-file-node.js";
import { VsbEvalError } from "../errors.js";
import { type EvalConfig, evalConfigSchema } from "./eval-config.js";

/** Most characters of a configuration. */
const MOST = 1_000_000;

type Raw = Record<string, unknown>;

const isObject = (value: unknown): value is Raw => typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a path names a configuration and not an items' file. */
export const isConfigPath = (path: string): boolean => /\.ya?ml$/i.test(path);

/** Relative paths of a configuration start from its folder. */
function anchored(raw: Raw, folder: string): Raw {
  const anchor = (value: unknown): unknown =>
    typeof value === "string" && !isAbsolute(value) ? join(folder, value) : value;
  const responders = (list: unknown): unknown =>
    Array.isArray(list)
      ? list.map((model) =>
          isObject(model) && "responder" in model ? { ...model, responder: anchor(model.responder) } : model,
        )
      : list;
  return {
    ...raw,
    ...("items" in raw && { items: anchor(raw.items) }),
    ...("out" in raw && { out: anchor(raw.out) }),
    root: "root" in raw ? anchor(raw.root) : folder,
    ...("models" in raw && { models: responders(raw.models) }),
    ...("runs" in raw && { runs: responders(raw.runs) }),
  };
}

/**
 * Reads a YAML (or JSON) mapping of a file as it is written.
 *
 * @throws {VsbEvalError} `invalid_input` for a file that is no YAML mapping, with line and column; `media_missing` when there is no such file
 */
export async function readYamlMapping(path: string): Promise<Raw> {
  await regularFile(path, "a configuration");
  const text = await readFile(path, "utf8");
  if (text.length > MOST) throw new VsbEvalError("invalid_input", `expected at most ${MOST} characters in ${path}`);
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text, { uniqueKeys: true, stringKeys: true, prettyErrors: true });
  const [problem] = document.errors;
  if (problem !== undefined) throw new VsbEvalError("invalid_input", `${path}: ${problem.message}`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new VsbEvalError("invalid_input", `${path}: ${(cause as Error).message}`, { cause });
  }
  if (!isObject(value))
    throw new VsbEvalError("invalid_input", `${path}: expected a mapping such as "items: items.jsonl"`);
  return value;
}

/**
 * Reads a configuration as it is written, with its paths made to start from the file's folder; the values are
 * checked by {@link checkConfig} after flags are put over them.
 *
 * @throws {VsbEvalError} as {@link readYamlMapping}
 */
export async function loadConfig(path: string): Promise<Raw> {
  return anchored(await readYamlMapping(path), dirname(path));
}

/**
 * Checks a configuration and fills in its defaults.
 *
 * @param where what the message begins with: the file, or the command's flags
 * @throws {VsbEvalError} `invalid_input` naming every member that is wrong; values are not repeated
 */
export function checkConfig(raw: unknown, where: string): EvalConfig;
/** Checks a configuration of another command by its schema. */
export function checkConfig<T>(raw: unknown, where: string, schema: z.ZodType<T>): T;
export function checkConfig(raw: unknown, where: string, schema: z.ZodType = evalConfigSchema): unknown {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new VsbEvalError("invalid_input", `${where}:\n${z.prettifyError(flattened(parsed.error))}`);
}

/** A model is one of two shapes: of the two lists of complaints, show the one of the shape that was meant. */
function flattened(error: z.ZodError): z.ZodError {
  const issues = error.issues.flatMap((issue) => {
    if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
    const fewest = issue.errors.reduce((a, b) => (b.length < a.length ? b : a));
    return fewest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  });
  return new z.ZodError(issues as z.core.$ZodIssue[]);
}
