import { z } from "zod";
import { ConfigError } from "../../errors.js";

const pixels = () => z.number().positive().nullish();
const edges = () => z.looseObject({ shortest_edge: pixels(), longest_edge: pixels() }).nullish();
const channels = () => z.array(z.number()).length(3);

const schema = z.looseObject({
  image_processor_type: z.string().nullish(),
  patch_size: z.int().positive().nullish(),
  merge_size: z.int().positive().nullish(),
  video_merge_size: z.int().positive().nullish(),
  temporal_patch_size: z.int().positive().nullish(),
  min_tokens: z.int().positive().nullish(),
  max_tokens: z.int().positive().nullish(),
  image_min_tokens: z.int().positive().nullish(),
  image_max_tokens: z.int().positive().nullish(),
  min_pixels: pixels(),
  max_pixels: pixels(),
  size: edges(),
  max_image_size: edges(),
  video_sampling: z.looseObject({ video_size: edges() }).nullish(),
  do_image_splitting: z.boolean().nullish(),
  max_video_tokens: z.number().positive().nullish(),
  cap_pixels_per_frame: z.boolean().nullish(),
  do_center_crop: z.boolean().nullish(),
  use_token_compression: z.boolean().nullish(),
  do_resize: z.boolean().nullish(),
  do_rescale: z.boolean().nullish(),
  do_normalize: z.boolean().nullish(),
  rescale_factor: z.number().nullish(),
  resample: z.int().nullish(),
  image_mean: channels().nullish(),
  image_std: channels()
    .refine((values) => values.every((value) => value > 0), { error: "expected positive numbers" })
    .nullish(),
});

/** The keys of preprocessor_config.json or its kin that are read. */
export type ProcessorFile = z.output<typeof schema>;

/** The files of a checkpoint that say how pixels become patches, parsed; null where there is none. */
export interface ProcessorFiles {
  /** preprocessor_config.json: images. */
  readonly image: unknown;
  /** video_preprocessor_config.json. */
  readonly video: unknown;
  /** processor_config.json of transformers 5, which holds the two above as `image_processor` and `video_processor`. */
  readonly processor: unknown;
}

/** What must agree with the file, by key. */
type Expected = Readonly<Record<string, number>>;

/**
 * Checks one file's keys. What the pixels go through is fixed here, so a file that asks for something else is refused.
 *
 * @param expected values that config.json fixes: a file may leave them out, but not contradict them.
 * @param resample Pillow's number of the family's filter.
 * @throws ConfigError naming each field that does not fit.
 */
export function readProcessorFile(json: unknown, file: string, expected: Expected, resample: number): ProcessorFile {
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new ConfigError(`${file}: ${z.prettifyError(parsed.error)}`);
  const { data } = parsed;
  for (const [name, size] of Object.entries(expected)) {
    const found = data[name];
    if (found === undefined || found === null || found === size) continue;
    throw new ConfigError(
      `${file}: expected ${name} ${size} as config.json has it, found ${found}; take both from one checkpoint`,
    );
  }
  const fixed: Readonly<Record<string, unknown>> = {
    do_resize: true,
    do_rescale: true,
    do_normalize: true,
    resample,
    cap_pixels_per_frame: false,
    do_center_crop: false,
  };
  for (const [name, value] of Object.entries(fixed)) {
    const found = data[name];
    if (found === undefined || found === null || found === value) continue;
    throw new ConfigError(`${file}: expected ${name} ${value}, found ${found}, which is not computed`);
  }
  const sides = Object.keys(data.size ?? {}).filter((key) => key !== "shortest_edge" && key !== "longest_edge");
  if (sides.length > 0) {
    throw new ConfigError(
      `${file}: expected a size by shortest_edge and longest_edge, found ${sides.join(", ")}, which is not computed`,
    );
  }
  const { rescale_factor: factor } = data;
  if (factor != null && Math.abs(factor * 255 - 1) > 1e-6)
    throw new ConfigError(`${file}: expected rescale_factor 1/255, found ${factor}, which is not computed`);
  return data;
}

/** The settings of images and of videos, from files of their own or from transformers 5's nested one. */
export function imageAndVideo(files: ProcessorFiles): { image: unknown; video: unknown } {
  const nested = (files.processor ?? {}) as { image_processor?: unknown; video_processor?: unknown };
  return {
    image: files.image ?? nested.image_processor ?? null,
    video: files.video ?? nested.video_processor ?? null,
  };
}

/** The least and most pixels a file asks for. */
export const pixelLimits = ({ min_pixels, max_pixels, size }: ProcessorFile) => ({
  least: min_pixels ?? size?.shortest_edge ?? undefined,
  most: max_pixels ?? size?.longest_edge ?? undefined,
});

/** What is subtracted from pixels and divides them: of images and videos alike. */
interface PixelStatistics {
  readonly imageMean: readonly number[];
  readonly imageStd: readonly number[];
}

/**
 * Mean and deviation that a checkpoint's files state, one pair for images and videos.
 *
 * @throws ConfigError where the two files contradict each other.
 */
export function pixelStatistics(
  image: ProcessorFile | null,
  video: ProcessorFile | null,
  absent: PixelStatistics,
): PixelStatistics {
  const one = (key: "image_mean" | "image_std"): readonly number[] | undefined => {
    const [ofImages, ofVideos] = [image?.[key] ?? undefined, video?.[key] ?? undefined];
    if (ofImages !== undefined && ofVideos !== undefined && `${ofImages}` !== `${ofVideos}`) {
      throw new ConfigError(
        `video_preprocessor_config.json: expected ${key} ${ofImages} as for images, found ${ofVideos}; settings of their own are not computed`,
      );
    }
    return ofImages ?? ofVideos;
  };
  return { imageMean: one("image_mean") ?? absent.imageMean, imageStd: one("image_std") ?? absent.imageStd };
}
