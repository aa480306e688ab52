import { Graph } from "@videosafety/onnx-autodiff";
import { type VideoLlmConfig, visualWidth } from "../config/config.js";
import { OptionsError } from "../errors.js";
import type { GraphCache, GraphPlan } from "../graph/graph-cache.js";
import { type FrameGrid, patchLength, tokensPerFrame } from "../graph/vision/frame-grid.js";
import { visionEncoder } from "../graph/vision/vision.js";
import type { VisualFeatures } from "../vision/visual-features.js";
import type { ParameterStore } from "../weights/parameter-store.js";
import { bucketSize } from "./bucket.js";

/** Patches that go through the vision encoder at a time. */
const PATCHES_AT_A_TIME = 8192;

/**
 * Visual embeddings by features, computed once and again only after the vision encoder or the projector changed. Frames
 * of any number of videos of one size share runs.
 */
export class VisionEncoding {
  readonly #cache = new WeakMap<VisualFeatures, { fingerprint: number; data: Float32Array }>();

  constructor(
    private readonly config: VideoLlmConfig,
    private readonly store: ParameterStore,
    private readonly sessions: GraphCache,
  ) {}

  /** Embeddings [N, `visualWidth`] of the kept tokens; `ensure` comes first. */
  embeddings(features: VisualFeatures): Float32Array {
    const cached = this.#cache.get(features);
    if (cached === undefined) throw new Error("the features are not encoded; call ensure first");
    return cached.data;
  }

  /** Takes embeddings [N, `visualWidth`] that were computed elsewhere with the weights as they are now. */
  keep(features: VisualFeatures, data: Float32Array): void {
    this.#cache.set(features, { fingerprint: this.store.visionFingerprint(), data });
  }

  /** Encodes those features that are not, or are stale. */
  async ensure(features: Iterable<VisualFeatures>, signal?: AbortSignal): Promise<void> {
    const fingerprint = this.store.visionFingerprint();
    const groups = new Map<string, VisualFeatures[]>();
    for (const item of new Set(features)) {
      if (this.#cache.get(item)?.fingerprint === fingerprint) continue;
      const key = `${item.grid[1]}x${item.grid[2]}/${item.mergeSize}`;
      groups.set(key, [...(groups.get(key) ?? []), item]);
    }
    for (const group of groups.values()) await this.#encode(group, fingerprint, signal);
  }

  async #encode(group: readonly VisualFeatures[], fingerprint: number, signal: AbortSignal | undefined): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    if (group.some(({ patches }) => patches.pixel_values.data.length === 0))
      throw new OptionsError(
        "expected the vision encoder that imported features were made with, found that it was trained since; encode the videos again",
      );
    const [, rows, columns] = first.grid;
    const width = patchLength(this.config);
    const frameSize = rows * columns * width;
    const sources = group.flatMap(({ grid, patches }) =>
      Array.from({ length: grid[0] }, (_, t) => patches.pixel_values.data.subarray(t * frameSize, (t + 1) * frameSize)),
    );
    const perRun = Math.max(1, Math.floor(PATCHES_AT_A_TIME / (rows * columns)));
    const perFrame =
      tokensPerFrame({ frames: 1, rows, columns, mergeSize: first.mergeSize }) * visualWidth(this.config);
    const all = new Float32Array(sources.length * perFrame);
    for (let start = 0; start < sources.length; start += perRun) {
      signal?.throwIfAborted();
      const frames = sources.slice(start, start + perRun);
      all.set(
        await this.#run(frames, { frames: bucketSize(frames.length, 1), rows, columns, mergeSize: first.mergeSize }),
        start * perFrame,
      );
    }
    let frame = 0;
    for (const item of group) {
      const tokens = all.subarray(frame * perFrame, (frame + item.grid[0]) * perFrame);
      this.#cache.set(item, { fingerprint, data: selectRows(tokens, item.keptTokens, visualWidth(this.config)) });
      frame += item.grid[0];
    }
  }

  async #run(frames: readonly Float32Array[], grid: FrameGrid): Promise<Float32Array> {
    const width = patchLength(this.config);
    const key = `vision|${this.store.liveVersion}|${Object.values(grid).join("x")}`;
    const build = (): GraphPlan => {
      const graph = new Graph();
      const { params, inputs } = this.store.params(graph);
      const patches = graph.input("patches", "float32", [grid.frames * grid.rows * grid.columns, width]);
      graph.output("embeddings", visionEncoder(this.config, params, patches, grid));
      return { graph, parameters: inputs.keys() };
    };
    const patches = new Float32Array(grid.frames * grid.rows * grid.columns * width);
    frames.forEach((frame, i) => {
      patches.set(frame, i * frame.length);
    });
    const outputs = await this.sessions.use(key, build, (compiled) =>
      compiled.session.run({ patches, ...this.store.feeds(compiled.parameters) }),
    );
    const data = outputs.embeddings?.data as Float32Array;
    return data.subarray(0, (data.length / grid.frames) * frames.length);
  }
}

function selectRows(table: Float32Array, rows: Int32Array, width: number): Float32Array {
  const selected = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    selected.set(table.subarray(row * width, (row + 1) * width), i * width);
  });
  return selected;
}
