import { parse } from "yaml";
import { DefenseError } from "../errors.js";

/** A mapping as YAML has it, before it is checked. */
export type Raw = Record<string, unknown>;
/** Whether a value is one. */
export const isObject = (value: unknown): value is Raw =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Puts one value into a configuration: `stages.0.learningRate=1e-4`, `stages.stage-2.lambdaVisual=1`, `model.lora={rank: 8, alpha: 16}`.
 * Objects on the way are made; places of a list must be there. The value is read as YAML.
 *
 * @throws DefenseError `usage` for a text that is no assignment, or a place of a list that is not there
 */
export function override(raw: Raw, assignment: string): Raw {
  const at = assignment.indexOf("=");
  const path = assignment.slice(0, Math.max(0, at)).split(".");
  const wrong = (message: string): DefenseError => new DefenseError("usage", `--set ${assignment}: ${message}`);
  if (at < 1 || path.some((part) => part === "" || part === "__proto__"))
    throw wrong("expected path.to.key=value, such as stages.0.learningRate=1e-4");
  let value: unknown;
  try {
    value = parse(assignment.slice(at + 1));
  } catch (cause) {
    throw new DefenseError("usage", `--set ${assignment}: ${(cause as Error).message}`, { cause });
  }
  return put(raw, path, value, wrong) as Raw;
}

function put(
  node: unknown,
  path: readonly string[],
  value: unknown,
  wrong: (message: string) => DefenseError,
): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(node)) {
    const index = /^\d+$/.test(key) ? Number(key) : node.findIndex((one) => nameOf(one) === key);
    if (index < 0 || index >= node.length)
      throw wrong(`expected a place of a list of ${node.length}, found ${key}; count from 0, or name a stage`);
    return node.map((one, i) => (i === index ? put(one, rest, value, wrong) : one));
  }
  const object = isObject(node) ? node : {};
  return { ...object, [key]: put(object[key], rest, value, wrong) };
}

const nameOf = (stage: unknown): unknown => (isObject(stage) ? (stage.name ?? `stage-${stage.stage}`) : undefined);
