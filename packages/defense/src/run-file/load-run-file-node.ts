import { existsSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { readYamlMapping } from "@videosafety/vsb-eval/node";
import { DefenseError } from "../errors.js";
import { explainIssues } from "./explain-issues.js";
import { isObject, override, type Raw } from "./override.js";
import { PRESETS } from "./presets.js";
import { PRESET_NAMES, type RunFile, runFileJsonSchema, runFileSchema } from "./run-schema.js";

/** What the command line puts over a run file. */
export interface RunFlags {
  /** Assignments as {@link override} takes them, in order. */
  readonly set?: readonly string[];
  /** Instead of the file's `out`; starts from the working directory. */
  readonly out?: string;
  /** Instead of the file's `preset`. */
  readonly preset?: string;
  /** Instead of the file's `model.source`; a path starts from the working directory. */
  readonly model?: string;
  /** Instead of the file's `seed`. */
  readonly seed?: number;
  /** Only these of the file's stages, by number. */
  readonly stages?: readonly number[];
}

/**
 * Reads a run file: its preset, what it says, and flags over both. Paths of the file start from its folder.
 *
 * @param path the file; null for flags alone
 * @throws DefenseError `invalid-run-file` naming every wrong key, with the one that was probably meant; `usage` for wrong flags
 * @throws VsbEvalError for a file that is missing or no YAML mapping, with line and column
 */
export async function loadRunFile(path: string | null, flags: RunFlags = {}): Promise<RunFile> {
  const own = path === null ? {} : anchored(await readYamlMapping(path), dirname(resolve(path)));
  return checkRunFile(applyFlags(own, flags), path ?? "flags");
}

/** The run file that a user named, or the resolved one of a run's folder. @throws as {@link loadRunFile} */
export async function loadRunOf(path: string, flags: RunFlags = {}): Promise<RunFile> {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return loadRunFile(path, flags);
  return loadRunFile(join(path, "resolved.yaml"), { ...flags, out: flags.out ?? path });
}

/**
 * Completes settings with their preset and defaults, and checks them.
 *
 * @param where what messages begin with
 * @throws DefenseError `invalid-run-file`
 */
export function checkRunFile(own: Raw, where: string): RunFile {
  const { preset } = own;
  const base = PRESET_NAMES.find((name) => name === preset);
  const merged = base === undefined ? own : withPreset(PRESETS[base], own);
  const parsed = runFileSchema.safeParse(merged);
  if (parsed.success) return parsed.data;
  const lines = explainIssues(parsed.error, runFileJsonSchema());
  const more = lines.length > 8 ? `\n  and ${lines.length - 8} more` : "";
  throw new DefenseError("invalid-run-file", `${where}: ${lines.slice(0, 8).join("\n  ")}${more}`, {
    cause: parsed.error,
  });
}

function applyFlags(own: Raw, { set = [], out, preset, model, seed, stages }: RunFlags): Raw {
  let raw: Raw = { ...own };
  if (preset !== undefined) raw.preset = preset;
  if (out !== undefined) raw.out = resolve(out);
  if (seed !== undefined) raw.seed = seed;
  if (model !== undefined)
    raw.model = { ...(isObject(raw.model) ? raw.model : {}), source: place(model, process.cwd()) };
  // A place of the list of stages may be the preset's: it is written out before it is changed.
  const base = PRESET_NAMES.find((name) => name === raw.preset);
  if (raw.stages === undefined && base !== undefined) raw.stages = PRESETS[base].stages;
  for (const assignment of set) raw = override(raw, assignment);
  if (stages !== undefined) {
    const all = Array.isArray(raw.stages) ? raw.stages : [];
    const missing = stages.find((wanted) => !all.some((one) => isObject(one) && one.stage === wanted));
    if (missing !== undefined)
      throw new DefenseError("usage", `--stages: expected stages of the file, found ${missing}, which it has not`);
    raw.stages = all.filter((one) => isObject(one) && stages.includes(one.stage as number));
  }
  return raw;
}

/** Objects are merged key by key; of the stages those that the file lists run, each over the preset's of the same number. */
function withPreset(preset: Raw, own: Raw): Raw {
  const { stages: presetStages, ...rest } = preset as Raw & { stages?: readonly Raw[] };
  const { stages, ...mine } = own;
  const list = Array.isArray(stages)
    ? stages.map((stage) =>
        isObject(stage) ? merge(presetStages?.find((one) => one.stage === stage.stage) ?? {}, stage) : stage,
      )
    : (stages ?? presetStages);
  return { ...(merge(rest, mine) as Raw), ...(list === undefined ? {} : { stages: list }) };
}

/** Keys whose value is one thing: put over as a whole. */
const WHOLE = new Set(["mixture", "use", "alarmStart", "data"]);

function merge(base: unknown, own: unknown): unknown {
  if (!isObject(base) || !isObject(own)) return own;
  const keys = new Set([...Object.keys(base), ...Object.keys(own)]);
  return Object.fromEntries(
    Array.from(keys, (key) => {
      if (!Object.hasOwn(own, key)) return [key, base[key]];
      return [key, Object.hasOwn(base, key) && !WHOLE.has(key) ? merge(base[key], own[key]) : own[key]];
    }),
  );
}

/** A model is a path where there is one, else an id. */
function place(model: string, folder: string): string {
  const path = resolve(folder, model);
  const looksLikePath = isAbsolute(model) || /^\.{0,2}\//.test(model);
  return looksLikePath || existsSync(path) ? path : model;
}

/** Relative paths of a run file start from its folder. */
function anchored(raw: Raw, folder: string): Raw {
  const anchor = (value: unknown): unknown => (typeof value === "string" ? resolve(folder, value) : value);
  const anchorAll = (value: unknown): unknown => (Array.isArray(value) ? value.map(anchor) : value);
  const inside = (value: unknown, change: (object: Raw) => Raw): unknown =>
    isObject(value) ? { ...value, ...change(value) } : value;
  const of = (object: Raw, key: string, how = anchor): Raw => (key in object ? { [key]: how(object[key]) } : {});
  const sources = isObject(raw.data)
    ? Object.fromEntries(
        Object.entries(raw.data).map(([name, source]) => [
          name,
          inside(source, (one) => ({ ...of(one, "file"), mediaRoot: anchor(one.mediaRoot ?? ".") })),
        ]),
      )
    : raw.data;
  const model = (value: unknown): unknown => (typeof value === "string" ? place(value, folder) : value);
  return {
    ...raw,
    ...of(raw, "out"),
    ...(raw.data === undefined ? {} : { data: sources }),
    ...(raw.model === undefined
      ? {}
      : { model: inside(raw.model, (one) => ({ ...of(one, "source", model), ...of(one, "adapter", model) })) }),
    ...(raw.rewards === undefined ? {} : { rewards: inside(raw.rewards, (one) => of(one, "modules", anchorAll)) }),
    ...(raw.evaluation === undefined
      ? {}
      : {
          evaluation: inside(raw.evaluation, (one) => ({
            ...{ ...of(one, "items"), ...of(one, "probes"), ...of(one, "scorers", anchorAll) },
            root: anchor(one.root ?? "."),
          })),
        }),
    ...(raw.featureCache === undefined
      ? {}
      : { featureCache: inside(raw.featureCache, (one) => of(one, "directory")) }),
  };
}
