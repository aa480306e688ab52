import { PromptError } from "../errors.js";
import type { VisualFeatures } from "./visual-features.js";

/** Features of a video with their embeddings and without its patches: plain data, for a file or another process. */
export interface StoredFeatures extends Omit<VisualFeatures, "patches"> {
  /** float32 [N, width], one row per kept token. */
  readonly embeddings: { readonly data: Float32Array; readonly dims: readonly [number, number] };
}

/** Features and their embeddings [N, width] as plain data. */
export function storeFeatures(features: VisualFeatures, embeddings: Float32Array): StoredFeatures {
  const { patches: _, ...rest } = features;
  const tokens = features.keptTokens.length;
  return { ...rest, embeddings: { data: embeddings, dims: [tokens, embeddings.length / Math.max(1, tokens)] } };
}

/** The features of stored ones, with no patches. @throws PromptError `visual-count` when the parts do not fit one another */
export function restoreFeatures({ embeddings, ...rest }: StoredFeatures, width: number): VisualFeatures {
  const { keptTokens, frameTokenCounts, grid, timestampsSeconds } = rest;
  const counted = frameTokenCounts.reduce((a, b) => a + b, 0);
  const [rows, columns] = embeddings.dims;
  const fits =
    rows === keptTokens.length &&
    columns === width &&
    embeddings.data.length === rows * columns &&
    counted === rows &&
    frameTokenCounts.length === grid[0] &&
    timestampsSeconds.length === grid[0];
  if (!fits)
    throw new PromptError(
      "visual-count",
      `expected stored features of ${counted} tokens of width ${width}, found embeddings [${embeddings.dims}] for ${keptTokens.length} kept tokens of ${grid[0]} frames; make them again`,
    );
  return {
    ...rest,
    patches: {
      pixel_values: { data: new Float32Array(0), dims: [0, 0] },
      grid_sizes: { data: [...grid] },
      merge_sizes: { data: [rest.mergeSize] },
      compressionMask: new Uint8Array(0),
    },
  };
}
