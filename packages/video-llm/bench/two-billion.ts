/**
 * The true shape of VideoLLaMA3-2B with random weights, on the CPU: writes a sharded bfloat16 checkpoint (3.9 GB) into a
 * temporary directory; then, for each precision and in a process for each step: converts, answers about a 16-frame clip,
 * takes one LoRA + alarm-token step. Prints seconds and peak resident memory (VmHWM, mapped files included).
 *
 * usage: npx tsx bench/two-billion.ts [precision ...]     default: int4 int8 bfloat16
 *        TWO_BILLION_DIRECTORY=D npx tsx bench/two-billion.ts write     the checkpoint and the clip only, kept in D
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AdamW, createRng, float32ToBfloat16, type PlannedTensor, streamSafetensors } from "@videosafety/onnx-autodiff";
import { sampleFrames } from "@videosafety/video-sampler";
import { encodeFixture } from "../../video-sampler/test/fixture-video.js";
import {
  formatCheckpointConfig,
  loadVideoLlm,
  type ParameterSpec,
  type Precision,
  parameterSpecs,
  REQUIRED_TOKENS,
  resolveConfig,
  trainByteLevelBpe,
} from "../src/index.js";

/** Qwen2.5-1.5B and the vision encoder of SigLIP so400m, patch 14. */
const CONFIG = resolveConfig({
  vocabularySize: 151_936,
  hiddenSize: 1536,
  intermediateSize: 8960,
  layers: 28,
  heads: 12,
  keyValueHeads: 2,
  tieWordEmbeddings: true,
  vision: { hiddenSize: 1152, intermediateSize: 4304, layers: 27, heads: 16, patchSize: 14 },
});
const QUERY = "what happens in this video, and in which order?";
const SHARD_BYTES = 2 ** 31;
const TOKENS = 16;
const STEPS = ["convert", "answer", "train"] as const;

const [mode = "", ...rest] = process.argv.slice(2);
if ((STEPS as readonly string[]).includes(mode)) await child(mode as (typeof STEPS)[number], rest);
else await parent([mode, ...rest].filter((p) => p !== "") as Precision[]);

async function parent(precisions: Precision[]): Promise<void> {
  const directory = process.env.TWO_BILLION_DIRECTORY ?? mkdtempSync(join(tmpdir(), "two-billion-"));
  const writeOnly = (precisions as string[]).includes("write");
  if (writeOnly) mkdirSync(directory, { recursive: true });
  try {
    const seconds = await timed(() => writeCheckpoint(directory));
    await encodeFixture(join(directory, "clip.mp4"), { width: 224, height: 168, frameCount: 480 });
    console.log(JSON.stringify({ directory, writeSeconds: seconds }));
    if (writeOnly) return;
    for (const precision of precisions.length > 0 ? precisions : ["int4", "int8", "bfloat16"]) {
      for (const step of STEPS) {
        const script = fileURLToPath(import.meta.url);
        const done = spawnSync(process.execPath, [...process.execArgv, script, step, precision as string, directory], {
          stdio: "inherit",
        });
        if (done.status !== 0)
          console.log(JSON.stringify({ precision, step, status: done.status, signal: done.signal }));
      }
      rmSync(join(directory, ".videosafety"), { recursive: true, force: true });
    }
  } finally {
    if (!writeOnly && process.env.TWO_BILLION_DIRECTORY === undefined) rmSync(directory, { recursive: true });
  }
}

async function child(step: (typeof STEPS)[number], [precision, directory]: string[]): Promise<void> {
  const report: Record<string, unknown> = { precision, step };
  let model = {} as Awaited<ReturnType<typeof loadVideoLlm>>;
  const clock = async (name: string, work: () => Promise<void>): Promise<void> => {
    report[`${name}Seconds`] = await timed(work);
    if (process.env.TWO_BILLION_TRACE) console.error(name, report[`${name}Seconds`], memory());
  };
  await clock("load", async () => {
    model = await loadVideoLlm(directory as string, { precision: precision as Precision, memoryPattern: false });
  });
  if (step !== "convert") {
    let visual = {} as Awaited<ReturnType<typeof model.encodeVideo>>;
    await clock("encodeVideo", async () => {
      const clip = join(directory as string, "clip.mp4");
      visual = await model.encodeVideo(await sampleFrames(clip, { type: "videollama3-reference", maxFrames: 16 }));
    });
    const prompt = model.preparePrompt({ messages: [{ role: "user", content: QUERY }], visual });
    report.frames = visual.frameTokenCounts.length;
    report.promptTokens = prompt.tokenIds.length;
    report.parameters = model.parameterCount;
    if (step === "answer") {
      const options = { maxCompletionLength: TOKENS, reusePrefix: true };
      report.answer = await answer(() => model.stream(prompt, options));
      const content = "is there anything dangerous in it?";
      const again = model.preparePrompt({ messages: [{ role: "user", content }], visual });
      report.nextQuery = await answer(() => model.stream(again, options));
    } else {
      model.addLora({ rank: 16, alpha: 32 });
      const groups = ["lora", "alarmTokens"] as const;
      const optimizer = new AdamW(model.trainableParameters(groups));
      const sample = model.prepareSample({ prompt, completion: "a dog walks", labels: { visual: 0, textual: 0 } });
      report.trained = [...model.trainableParameters(groups).values()].reduce((sum, { data }) => sum + data.length, 0);
      await clock("step", async () => {
        const result = await model.atSftGradients([sample], { groups, lambdaVisual: 0.1, lambdaTextual: 0.1 });
        optimizer.step(result.gradients, { learningRateScale: 1 });
        model.parametersChanged();
        report.loss = result.loss;
      });
    }
  }
  console.log(JSON.stringify({ ...report, ...memory() }));
}

/** Seconds until the first token, until the second (decoding starts with compiling its graph), and for each one after it. */
async function answer(stream: () => AsyncIterable<unknown>): Promise<Record<string, number>> {
  const times = [performance.now()];
  for await (const _ of stream()) times.push(performance.now());
  const seconds = (from: number, to: number): number =>
    +(((times[to] as number) - (times[from] as number)) / 1000).toFixed(2);
  const last = times.length - 1;
  return {
    tokens: last,
    firstTokenSeconds: seconds(0, 1),
    secondTokenSeconds: seconds(1, 2),
    laterTokenSeconds: +(seconds(2, last) / (last - 2)).toFixed(3),
    allSeconds: seconds(0, last),
  };
}

function memory(): Record<string, number> {
  const status = readFileSync("/proc/self/status", "utf8");
  const gigabytes = (key: string): number =>
    +((Number(status.match(new RegExp(`${key}:\\s+(\\d+) kB`))?.[1]) / 1e6) * 1.024).toFixed(2);
  return { peakGB: gigabytes("VmHWM"), residentGB: gigabytes("VmRSS"), privateGB: gigabytes("RssAnon") };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return +((performance.now() - start) / 1000).toFixed(1);
}

/** Shards of at most 2 GiB in bfloat16, with the index, config and a small tokenizer. */
async function writeCheckpoint(directory: string): Promise<void> {
  const specs = parameterSpecs(CONFIG).filter(({ optional }) => !optional);
  const shards: ParameterSpec[][] = [[]];
  let bytes = 0;
  const sizeOf = ({ dims }: ParameterSpec): number => dims.reduce((a, b) => a * b, 1);
  for (const spec of specs) {
    if (bytes + 2 * sizeOf(spec) > SHARD_BYTES) {
      shards.push([]);
      bytes = 0;
    }
    bytes += 2 * sizeOf(spec);
    shards.at(-1)?.push(spec);
  }
  // Random numbers are dealt from one pool whose length no row divides.
  const rng = createRng(1);
  const pool = Float32Array.from({ length: 1_048_583 }, () => rng.normal());
  const map: Record<string, string> = {};
  for (const [i, shard] of shards.entries()) {
    const name = `model-${String(i + 1).padStart(5, "0")}-of-${String(shards.length).padStart(5, "0")}.safetensors`;
    const plan = new Map(shard.map(({ name, dims }): [string, PlannedTensor] => [name, { dtype: "BF16", dims }]));
    const stream = await streamSafetensors(join(directory, name), plan, { format: "pt" });
    for (const spec of shard) {
      map[spec.name] = name;
      const scale = typeof spec.init === "number" ? spec.init : 0;
      const values = float32ToBfloat16(pool.map((x) => (spec.init === "ones" ? 1 : x * scale)));
      for (let rest = sizeOf(spec); rest > 0; rest -= values.length)
        await stream.append(spec.name, new Uint8Array(values.buffer, 0, 2 * Math.min(rest, values.length)));
    }
    await stream.finish();
  }
  const tokenizer = trainByteLevelBpe({ texts: [QUERY], vocabularySize: 280, specialTokens: REQUIRED_TOKENS });
  const write = (name: string, json: object): void => writeFileSync(join(directory, name), JSON.stringify(json));
  const id = (content: string): number =>
    tokenizer.added_tokens?.find((token) => token.content === content)?.id ?? Number.NaN;
  write("model.safetensors.index.json", { metadata: {}, weight_map: map });
  write(
    "config.json",
    formatCheckpointConfig(CONFIG, "original", { image: id("<image>"), video: id("<image>"), end: [id("<|im_end|>")] }),
  );
  write("tokenizer.json", tokenizer);
}
