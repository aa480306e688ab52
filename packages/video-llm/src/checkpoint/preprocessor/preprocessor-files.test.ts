import { describe, expect, test } from "vitest";
import { ConfigError, formatPreprocessor, parsePreprocessor, resolveConfig, type VideoLlmConfig } from "../../index.js";

const sizes = { hiddenSize: 16, intermediateSize: 16, layers: 1, heads: 2, keyValueHeads: 1, vocabularySize: 32 };
const vision = { hiddenSize: 16, intermediateSize: 16, layers: 1, heads: 2 };
const smol = resolveConfig({
  ...sizes,
  family: "smolvlm2",
  mergeSize: 4,
  vision: { ...vision, patchSize: 16, imageSize: 512 },
});
const llama3 = resolveConfig({ ...sizes, vision: { ...vision, patchSize: 4 } });
const qwen = (family: VideoLlmConfig["family"], patchSize: number): VideoLlmConfig =>
  resolveConfig({ ...sizes, family, vision: { ...vision, patchSize } });
const none = { image: null, video: null, processor: null };

/** Values of HuggingFaceTB/SmolVLM2-256M-Video-Instruct: nothing of patches. */
const published = {
  do_convert_rgb: true,
  do_image_splitting: true,
  do_normalize: true,
  do_pad: true,
  do_rescale: true,
  do_resize: true,
  image_mean: [0.5, 0.5, 0.5],
  image_processor_type: "SmolVLMImageProcessor",
  image_std: [0.5, 0.5, 0.5],
  max_image_size: { longest_edge: 512 },
  resample: 1,
  rescale_factor: 0.00392156862745098,
  size: { longest_edge: 2048 },
  video_sampling: { fps: 1, max_frames: 64, video_size: { longest_edge: 512 } },
};

describe("processor files", () => {
  test("of SmolVLM2 as published: patches are the model's", () => {
    const read = parsePreprocessor({ ...none, image: published }, smol);
    expect(read.patchSize).toBe(16);
    expect(read.square).toEqual({ imageLongestEdge: 2048, videoLongestEdge: 512, splitImages: true });
  });

  test("of VideoLLaMA3's authors: limits in tokens for both, images unmerged", () => {
    const image = { image_mean: [0.5, 0.5, 0.5], max_tokens: 16384, min_tokens: 16, resample: 3 };
    const read = parsePreprocessor({ ...none, image }, llama3);
    expect(read).toMatchObject({ patchSize: 4, mergeSize: 2, minTokens: 16, maxTokens: 16384 });
    expect(read.image).toEqual({ mergeSize: 1, minTokens: 16, maxTokens: 16384 });
  });

  test("nested by transformers 5, for every family", () => {
    const pixels = { size: { shortest_edge: 6400, longest_edge: 64_000 } };
    const of = (config: VideoLlmConfig, image: object, video: object) =>
      parsePreprocessor({ ...none, processor: { image_processor: image, video_processor: video } }, config);
    const own = of(llama3, { ...pixels, merge_size: 1, patch_size: 4 }, { ...pixels, merge_size: 2, patch_size: 4 });
    expect(own).toMatchObject({
      minTokens: 100,
      maxTokens: 1000,
      image: { mergeSize: 1, minTokens: 400, maxTokens: 4000 },
    });
    const edges = of(
      smol,
      { size: { longest_edge: 1024 }, do_image_splitting: false },
      { size: { longest_edge: 300 } },
    );
    expect(edges.square).toEqual({ imageLongestEdge: 1024, videoLongestEdge: 300, splitImages: false });
    expect(of(qwen("qwen2-vl", 4), pixels, {})).toMatchObject({ minTokens: 100, maxTokens: 1000 });
    const third = of(qwen("qwen3-vl", 4), {}, pixels);
    expect(third.video).toEqual({ minTokens: 100, maxTokens: 1000, contextTokens: 128_000, wholeVideo: true });
    expect(third.imageMean).toEqual([0.5, 0.5, 0.5]);
  });

  test.each<[string, VideoLlmConfig, object, RegExp]>([
    ["another patch", llama3, { patch_size: 14 }, /expected patch_size 4 as config.json has it, found 14/],
    ["another patch of SmolVLM2", smol, { patch_size: 14 }, /expected patch_size 16/],
    ["another square", smol, { max_image_size: { longest_edge: 384 } }, /max_image_size 512 .*found 384/],
    ["another filter", llama3, { resample: 2 }, /expected resample 3, found 2, which is not computed/],
    ["no resize", smol, { do_resize: false }, /do_resize true, found false/],
    ["no normalisation", qwen("qwen2-vl", 4), { do_normalize: false }, /do_normalize/],
    ["another scale", llama3, { rescale_factor: 1 }, /rescale_factor 1\/255, found 1/],
    ["a mean per channel", smol, { image_mean: [0.4, 0.5, 0.6] }, /one mean and one std/],
    [
      "sides in place of edges",
      qwen("qwen2-vl", 4),
      { size: { height: 224, width: 224 } },
      /size by shortest_edge and longest_edge, found height, width/,
    ],
    ["a crop", llama3, { do_center_crop: true }, /do_center_crop false, found true/],
    ["a std of zero", llama3, { image_std: [0, 1, 1] }, /positive/],
  ])("are refused for %s", (_, config, image, message) => {
    const parse = (): unknown => parsePreprocessor({ ...none, image }, config);
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(message);
  });

  test.each([llama3, smol, qwen("qwen3-vl", 4)])(
    "are refused where images and videos have other means: $family",
    (config) => {
      const [image, video] = [{ image_mean: [0.5, 0.5, 0.5] }, { image_mean: [0.4, 0.4, 0.4] }];
      expect(() => parsePreprocessor({ ...none, image, video }, config)).toThrow(
        /image_mean 0.5,0.5,0.5 as for images/,
      );
      expect(parsePreprocessor({ ...none, image: {}, video }, config).imageMean).toEqual([0.4, 0.4, 0.4]);
    },
  );

  test("of VideoLLaMA3's authors without means: those of their class", () => {
    const image = { image_processor_type: "Videollama3ImageProcessor", min_tokens: 16 };
    expect(parsePreprocessor({ ...none, image }, llama3).imageMean).toEqual([0.48145466, 0.4578275, 0.40821073]);
    expect(parsePreprocessor({ ...none, image: { min_tokens: 16 } }, llama3).imageMean).toEqual([0.5, 0.5, 0.5]);
  });

  test("come back from what is written, in either layout", () => {
    for (const config of [llama3, smol, qwen("qwen2.5-vl", 4), qwen("qwen3-vl", 4)])
      for (const naming of ["original", "huggingface"] as const) {
        const read = parsePreprocessor({ ...none, image: config === smol ? published : null }, config);
        const files = formatPreprocessor(read, config, naming);
        const again = parsePreprocessor(
          {
            image: files["preprocessor_config.json"] ?? null,
            video: files["video_preprocessor_config.json"] ?? null,
            processor: files["processor_config.json"] ?? null,
          },
          config,
        );
        expect(again).toEqual(read);
      }
  });
});
