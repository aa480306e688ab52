/**
 * A 16-frame clip through a model of SmolVLM2-256M's shape, random weights: seconds from pixels to the first token, and for 32
 * more. usage: npx tsx bench/smol-clip.ts [frames]
 */
import { createRng } from "@videosafety/onnx-autodiff";
import { createVideoLlm, PROMPT_CONVENTIONS, REQUIRED_TOKENS, trainByteLevelBpe } from "../src/index.js";

const frameCount = Number(process.argv[2] ?? 16);
const { turnEnd, markers } = PROMPT_CONVENTIONS.smolvlm2;
const specialTokens = [...new Set([...REQUIRED_TOKENS, turnEnd, ...markers, "<video>"])];
const model = createVideoLlm({
  // HuggingFaceTB/SmolVLM2-256M-Video-Instruct
  config: {
    family: "smolvlm2",
    hiddenSize: 576,
    intermediateSize: 1536,
    layers: 30,
    heads: 9,
    keyValueHeads: 3,
    vocabularySize: 49_280,
    maxPositions: 8192,
    mergeSize: 4,
    vision: { hiddenSize: 768, intermediateSize: 3072, layers: 12, heads: 12, patchSize: 16, imageSize: 512 },
  },
  tokenizer: { tokenizer: trainByteLevelBpe({ texts: ["a dog"], vocabularySize: 256, specialTokens }) },
  seed: 1,
});
const rng = createRng(2);
const data = Uint8Array.from({ length: frameCount * 360 * 640 * 3 }, () => rng.integer(256));
const frames = { data, dims: [frameCount, 360, 640, 3] as [number, number, number, number] };
const timestampsSeconds = Float64Array.from({ length: frameCount }, (_, t) => t);

/** What work gives, its seconds, and the seconds of all cores' work: on a busy machine what tells. */
const seconds = async <T>(work: () => Promise<T>): Promise<[T, number, number]> => {
  const [start, before] = [performance.now(), process.cpuUsage()];
  const value = await work();
  const { user, system } = process.cpuUsage(before);
  return [value, (performance.now() - start) / 1000, (user + system) / 1e6];
};
for (const round of ["first, with compiling", "again"]) {
  const [visual, encode, encodeCpu] = await seconds(() => model.encodeVideo({ frames, timestampsSeconds }));
  const prompt = model.preparePrompt({ messages: [{ role: "user", content: "what happens here?" }], visual });
  const [, first, firstCpu] = await seconds(() => model.generate([prompt], { maxCompletionLength: 1 }));
  const [, all, allCpu] = await seconds(() => model.generate([prompt], { maxCompletionLength: 33 }));
  console.log(
    JSON.stringify({
      round,
      parameters: model.parameterCount,
      frames: frameCount,
      promptTokens: prompt.tokenIds.length,
      encodeSeconds: +encode.toFixed(2),
      firstTokenSeconds: +first.toFixed(2),
      pixelsToFirstTokenSeconds: +(encode + first).toFixed(2),
      pixelsToFirstTokenCpuSeconds: +(encodeCpu + firstCpu).toFixed(2),
      cpuSecondsPerTokenAfter: +((allCpu - firstCpu) / 32).toFixed(3),
      secondsPerTokenAfter: +((all - first) / 32).toFixed(3),
      residentGigabytes: +(process.memoryUsage().rss / 1e9).toFixed(2),
    }),
  );
}
await model.dispose();
