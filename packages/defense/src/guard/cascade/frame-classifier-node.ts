import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { prepareResizePillow } from "@videosafety/video-sampler";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { DefenseError } from "../../errors.js";
import type { GuardVideo } from "../engine/guard-engine.js";
import type { FrameClassifierSettings } from "../file/cascade-schema.js";

/** A fast classifier of single frames. */
export interface FrameClassifier {
  /** SHA-256 of its file. */
  readonly sha256: string;
  /**
   * The score of the frame that looks worst, in [0, 1]; 0 without frames.
   * @throws DefenseError `guard-failed` for outputs that are not finite
   */
  score(videos: readonly GuardVideo[]): Promise<number>;
  close(): Promise<void>;
}

/** Frames in one run. */
const BATCH = 16;

/**
 * Opens any ONNX image classifier: one input of square RGB images, one row of class scores per image.
 *
 * @throws DefenseError `model-unusable` for a file that onnxruntime does not load or that does not fit the settings
 */
export async function openFrameClassifier(path: string, settings: FrameClassifierSettings): Promise<FrameClassifier> {
  const unusable = (what: string, cause?: unknown): never => {
    throw new DefenseError(
      "model-unusable",
      `${path}: expected an ONNX classifier of images of ${settings.size} x ${settings.size} (${settings.layout}), found ${what}`,
      { cause },
    );
  };
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) =>
    unusable(cause.code === "ENOENT" ? "no file" : String(cause.code), cause),
  );
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 }).catch((cause: unknown) =>
    unusable("one that does not load", cause),
  );
  const { inputNames, outputNames } = session;
  if (inputNames.length !== 1) unusable(`one with the inputs ${inputNames.join(", ")}`);
  const run = async (images: Float32Array, count: number): Promise<Float32Array> => {
    const { size, layout } = settings;
    const dims = layout === "nhwc" ? [count, size, size, 3] : [count, 3, size, size];
    const answer = await session.run({ [inputNames[0] as string]: new Tensor("float32", images, dims) }, [
      outputNames[0] as string,
    ]);
    const { data, dims: shape } = answer[outputNames[0] as string] as Tensor;
    const classes = shape.at(-1) ?? 0;
    if (
      !(data instanceof Float32Array) ||
      data.length !== count * classes ||
      settings.harmful.some((index) => index >= classes)
    )
      return unusable(
        `one that answers ${shape.join(" x ")} for ${count} images, with harmful classes ${settings.harmful.join(", ")}`,
      );
    return data;
  };
  const side = settings.size * settings.size * 3;
  await run(new Float32Array(side), 1);
  return {
    sha256: createHash("sha256").update(bytes).digest("hex"),
    async score(videos) {
      let worst = 0;
      for (const { frames } of videos) {
        const [count] = frames.dims;
        for (let start = 0; start < count; start += BATCH) {
          const part = Math.min(BATCH, count - start);
          const images = new Float32Array(part * side);
          for (let i = 0; i < part; i++) images.set(imageOf(frames, start + i, settings), i * side);
          const answer = await run(images, part);
          const classes = answer.length / part;
          for (let i = 0; i < part; i++)
            worst = Math.max(worst, harmOf(answer.subarray(i * classes, (i + 1) * classes), settings));
        }
      }
      return worst;
    },
    close: () => session.release(),
  };
}

/** One frame, resized to a square (as Pillow, bicubic) and normalised, in the classifier's layout. */
function imageOf(
  frames: GuardVideo["frames"],
  index: number,
  { size, layout, mean, std }: FrameClassifierSettings,
): Float32Array {
  const [, height, width] = frames.dims;
  const bytes = height * width * 3;
  const image = frames.data.subarray(index * bytes, (index + 1) * bytes);
  const square =
    height === size && width === size
      ? image
      : prepareResizePillow({ height, width }, { height: size, width: size })(image);
  const plane = size * size;
  const normalised = new Float32Array(square.length);
  for (let i = 0; i < square.length; i++) {
    const channel = i % 3;
    const at = layout === "nhwc" ? i : channel * plane + (i - channel) / 3;
    normalised[at] = ((square[i] as number) / 255 - (mean[channel] as number)) / (std[channel] as number);
  }
  return normalised;
}

function harmOf(row: Float32Array, { harmful, softmax }: FrameClassifierSettings): number {
  const largest = Math.max(...row);
  const shares = softmax ? Float64Array.from(row, (value) => Math.exp(value - largest)) : Float64Array.from(row);
  const total = softmax ? shares.reduce((a, b) => a + b, 0) : 1;
  const score = harmful.reduce((sum, index) => sum + (shares[index] as number), 0) / total;
  if (Number.isFinite(score)) return score;
  throw new DefenseError("guard-failed", "the first tier: expected finite scores of a frame, found others");
}
