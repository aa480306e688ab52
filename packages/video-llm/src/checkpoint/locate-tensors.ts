import type { LocatedEntry } from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../config/config.js";
import { CheckpointError } from "../errors.js";
import type { ParameterSpec } from "../weights/parameter-spec.js";
import { originalName, parameterSpecs } from "../weights/parameters.js";

/** A tensor of the model and where the checkpoint holds it. */
export interface LocatedTensor {
  /** What the model expects. */
  readonly spec: ParameterSpec;
  /** Its name in the file; null when the checkpoint lacks it and may. */
  readonly stored: { readonly name: string; readonly entry: LocatedEntry } | null;
}

/** Buffers some exporters store and no model needs. */
const IGNORED = /(rotary_emb|rotary_pos_emb)\.inv_freq$/;

/** Finds every tensor of the model among a checkpoint's. @throws CheckpointError for missing, extra and misshapen ones */
export function locateTensors(
  entries: ReadonlyMap<string, LocatedEntry>,
  config: VideoLlmConfig,
  directory: string,
): LocatedTensor[] {
  const layers = config.layers + config.vision.layers;
  if (layers > entries.size) {
    throw new CheckpointError(
      "missing-tensor",
      `${directory}: config.json states ${layers} layers, the files hold ${entries.size} tensors; the checkpoint is incomplete or config.json is another model's`,
      { file: directory },
    );
  }
  const specs = parameterSpecs(config);
  const byName = new Map<string, [string, LocatedEntry]>();
  for (const [name, entry] of entries) byName.set(originalName(name, config.family), [name, entry]);
  refuseExtra(specs, byName, config);
  return specs.map((spec) => {
    const found = byName.get(spec.name);
    if (found === undefined) {
      if (spec.optional) return { spec, stored: null };
      throw new CheckpointError(
        "missing-tensor",
        `${directory}: expected tensor ${spec.name} [${spec.dims}], found none; the checkpoint is incomplete or config.json is another model's`,
        { file: directory, tensor: spec.name },
      );
    }
    const [name, entry] = found;
    if (entry.dims.length !== spec.dims.length || entry.dims.some((size, i) => size !== spec.dims[i])) {
      throw new CheckpointError(
        "wrong-shape",
        `${entry.path}: tensor ${name}: config.json expects [${spec.dims}], found [${entry.dims}]`,
        { file: entry.path, tensor: name },
      );
    }
    return { spec, stored: { name, entry } };
  });
}

function refuseExtra(
  specs: readonly ParameterSpec[],
  found: ReadonlyMap<string, [string, LocatedEntry]>,
  config: VideoLlmConfig,
): void {
  const known = new Set(specs.map(({ name }) => name));
  if (config.tieWordEmbeddings) known.add("lm_head.weight");
  for (const [name, [stored, entry]] of found) {
    if (known.has(name) || IGNORED.test(name)) continue;
    throw new CheckpointError(
      "extra-tensor",
      `${entry.path}: tensor ${stored} [${entry.dims}] belongs to no part of the model that config.json describes`,
      { file: entry.path, tensor: stored },
    );
  }
}
