import { isQwenVl, type VideoLlmConfig } from "../config/config.js";
import { rotaryFrequencies } from "../config/rope-scaling.js";
import type { VisualFeatures } from "../vision/visual-features.js";
import type { PreparedPrompt } from "./prompt.js";

/** Where a prompt's tokens stand for the decoder's rotary embedding. */
export interface RotaryPositions {
  /** Time, row and column of each token, [3, S]; the three are equal for text. */
  readonly ids: Int32Array;
  /** Position of the first token after the prompt; the ones after that follow one by one. */
  readonly next: number;
}

/** Names of a prompt that its positions depend on. */
type Positioned = Pick<PreparedPrompt, "tokenIds" | "visual" | "visualPositions">;

/**
 * Positions of a prompt. Qwen-VL (M-RoPE, arXiv 2409.12191, section 2.1, and 2502.13923): a visual token stands at its
 * time, row and column, counted from where the text before has arrived; the text after goes on one past the largest of
 * all. Other families count tokens. Alarm tokens between the frames of a video (beyond the paper) stand one past the largest
 * so far, and neither the frames after them nor the text are moved by them. Qwen3-VL's pairs of frames stand behind the text
 * that tells their time, each with rows and columns of its own; what stands between them counts as text.
 *
 * transformers 5.18 lets text go on past the larger side of a frame, even where a long video's times reach further, and
 * then decodes from past the largest; the papers, vLLM and transformers 4 have the rule above, which the models were
 * trained with. The two agree on images and on videos no longer than wide.
 */
export function rotaryPositions(prompt: Positioned, config: VideoLlmConfig): RotaryPositions {
  const length = prompt.tokenIds.length;
  const ids = new Int32Array(3 * length);
  let token = 0;
  let next = 0;
  const put = (time: number, row: number, column: number): void => {
    ids[token] = time;
    ids[length + token] = row;
    ids[2 * length + token] = column;
    token += 1;
  };
  const text = (end: number): void => {
    while (token < end) {
      put(next, next, next);
      next += 1;
    }
  };
  if (isQwenVl(config)) {
    let first = 0;
    for (const features of prompt.visual) {
      text(prompt.visualPositions[first] as number);
      const { keptTokens, mergeSize, grid } = features;
      const [rows, columns] = [grid[1] / mergeSize, grid[2] / mergeSize];
      const step = temporalStep(features, config);
      const start = next;
      let seen = next; // one past the largest position of the visual tokens so far
      if (config.family === "qwen3-vl") {
        // Each pair of frames stands by itself, behind the text that tells its time.
        keptTokens.forEach((kept, i) => {
          const place = prompt.visualPositions[first + i] as number;
          if (kept % (rows * columns) === 0) {
            if (i > 0) next += Math.max(rows, columns);
            text(place);
          }
          put(next, next + (Math.floor(kept / columns) % rows), next + (kept % columns));
        });
        next += Math.max(rows, columns);
        first += keptTokens.length;
        continue;
      }
      keptTokens.forEach((kept, i) => {
        // Alarm tokens between frames stand past what came before, and move nothing: the video keeps its geometry.
        const place = prompt.visualPositions[first + i] as number;
        for (let beside = seen; token < place; beside++) put(beside, beside, beside);
        const time = Math.trunc(Math.fround(Math.floor(kept / (rows * columns)) * step));
        const [row, column] = [Math.floor(kept / columns) % rows, kept % columns];
        put(start + time, start + row, start + column);
        seen = Math.max(seen, start + Math.max(time, row, column) + 1);
      });
      next = seen;
      first += keptTokens.length;
    }
  }
  text(length);
  return { ids, next };
}

/** Temporal positions from one pair of frames to the next, in float32 as the reference computes it. */
function temporalStep({ kind, secondsPerGrid }: VisualFeatures, config: VideoLlmConfig): number {
  if (config.family !== "qwen2.5-vl" || kind === "image") return 1;
  return Math.fround(config.vision.tokensPerSecond * Math.fround(secondsPerGrid));
}

/**
 * Cosines and sines [N, headSize / 2] of positions [3, N]: of the rotary pairs, the first section turns with time, the
 * second with the row, the third with the column; Qwen3-VL deals them out in turn.
 */
export function rotaryTables3d(
  ids: ArrayLike<number>,
  config: Pick<VideoLlmConfig, "family" | "headSize" | "ropeTheta" | "ropeScaling" | "mropeSections">,
): { cos: Float32Array; sin: Float32Array } {
  const half = config.headSize / 2;
  const count = ids.length / 3;
  const [cos, sin] = [new Float32Array(count * half), new Float32Array(count * half)];
  const axes = axesOfPairs(config);
  const { frequencies, scale } = rotaryFrequencies(config);
  for (let token = 0; token < count; token++) {
    for (let pair = 0; pair < half; pair++) {
      const angle = (ids[(axes[pair] as number) * count + token] as number) * (frequencies[pair] as number);
      cos[token * half + pair] = Math.cos(angle) * scale;
      sin[token * half + pair] = Math.sin(angle) * scale;
    }
  }
  return { cos, sin };
}

/** Which coordinate turns each rotary pair: sections one after the other, or every third pair (qwen3-vl) as far as they go. */
function axesOfPairs({
  family,
  headSize,
  mropeSections,
}: Pick<VideoLlmConfig, "family" | "headSize" | "mropeSections">): number[] {
  if (family !== "qwen3-vl") return mropeSections.flatMap((size, axis) => new Array<number>(size).fill(axis));
  return Array.from({ length: headSize / 2 }, (_, pair) => {
    const axis = pair % 3;
    return pair < 3 * (mropeSections[axis] as number) ? axis : 0;
  });
}
