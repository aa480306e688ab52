/**
 * Prefill and decode speed against transformers on torch CPU, same weights, alternating in one window.
 * usage: npx tsx bench/generate.ts [python] [family | all]
 * python: an interpreter with torch and transformers, left out: ours only; family: videollama3 (default), smolvlm2, qwen2-vl, qwen2.5-vl,
 * qwen3-vl, or all of them, a process each
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  createVideoLlm,
  loadVideoLlm,
  PROMPT_CONVENTIONS,
  REQUIRED_TOKENS,
  saveVideoLlm,
  trainByteLevelBpe,
  type VideoLlmConfig,
} from "../src/index.js";

interface Speed {
  readonly prefill: number;
  readonly perToken: number;
}

const PROMPT = 256;
const TOKENS = 64;
const ROUNDS = 3;

if (process.argv[3] === "all") {
  const self = fileURLToPath(import.meta.url);
  const codes = Object.keys(PROMPT_CONVENTIONS).map((family) => {
    const command = [...process.execArgv, self, process.argv[2] ?? "", family];
    return spawnSync(process.execPath, command, { stdio: "inherit" }).status ?? 1;
  });
  process.exit(Math.max(...codes));
}
const family = (process.argv[3] ?? "videollama3") as VideoLlmConfig["family"];
const { image, video = image, markers, turnEnd } = PROMPT_CONVENTIONS[family];
const specialTokens = [...new Set([...REQUIRED_TOKENS, image, video, turnEnd, ...markers])];
const vision = { hiddenSize: 64, intermediateSize: 128, layers: 1, heads: 4 };
const visionOf: Partial<Record<typeof family, object>> = {
  smolvlm2: { patchSize: 16, imageSize: 64 },
  "qwen3-vl": { patchSize: 16, positionEmbeddings: 64, deepstackLayers: [0] },
};
const directory = await mkdtemp(join(tmpdir(), "video-llm-bench-"));
const fresh = createVideoLlm({
  config: {
    family,
    hiddenSize: 512,
    intermediateSize: 1536,
    layers: 8,
    heads: 8,
    keyValueHeads: 2,
    vocabularySize: 8192,
    vision: { ...vision, ...visionOf[family] },
  },
  tokenizer: { tokenizer: trainByteLevelBpe({ texts: ["a"], vocabularySize: 256, specialTokens }) },
  seed: 1,
});
await saveVideoLlm(fresh, directory, { naming: "huggingface" });
const model = await loadVideoLlm(directory);
const prompt = model.preparePrompt({
  messages: [{ role: "user", content: "a".repeat(PROMPT - 20) }],
  alarmTokens: false,
});
const ids = Array.from(prompt.tokenIds);

/** Seconds until the first token, and for each token after it. */
async function ours(batch: number): Promise<Speed> {
  const time = async (tokens: number): Promise<number> => {
    const start = performance.now();
    const prompts = Array.from({ length: batch }, () => prompt);
    const completions = await model.generate(prompts, { maxCompletionLength: tokens });
    if (completions.some(([c]) => c?.tokenIds.length !== tokens))
      throw new Error("a completion ended early; change the seed");
    return (performance.now() - start) / 1000;
  };
  const prefill = await time(1);
  return { prefill, perToken: ((await time(TOKENS + 1)) - prefill) / TOKENS };
}

const python = process.argv[2];
const worker =
  python &&
  spawn(python, [fileURLToPath(new URL("./generate_worker.py", import.meta.url)), directory], {
    stdio: ["pipe", "pipe", "inherit"],
  });
const lines = worker ? createInterface({ input: worker.stdout })[Symbol.asyncIterator]() : null;
async function theirs(batch: number): Promise<Speed | null> {
  if (!worker || !lines) return null;
  worker.stdin.write(`${JSON.stringify({ ids, batch, tokens: TOKENS })}\n`);
  return JSON.parse((await lines.next()).value as string);
}

for (const batch of [1, 6]) {
  await ours(batch);
  await theirs(batch);
  const rounds: { ours: Speed; theirs: Speed | null }[] = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push({ ours: await ours(batch), theirs: await theirs(batch) });
  /** The best prefill, and from the best whole answer what its other tokens took: a difference of single rounds is mostly noise. */
  const best = (who: "ours" | "theirs"): Speed => {
    const speeds = rounds.flatMap((round) => round[who] ?? []);
    if (speeds.length === 0) return { prefill: Number.NaN, perToken: Number.NaN };
    const prefill = Math.min(...speeds.map((speed) => speed.prefill));
    const whole = Math.min(...speeds.map((speed) => speed.prefill + TOKENS * speed.perToken));
    if (whole <= prefill)
      throw new Error(`${who}: a whole answer was timed faster than its first token; run it on a quieter machine`);
    return { prefill, perToken: (whole - prefill) / TOKENS };
  };
  const [own, other] = [best("ours"), best("theirs")];
  const line = ({ prefill, perToken }: Speed) => ({
    "prefill tokens/s": Math.round((batch * ids.length) / prefill),
    "decode tokens/s": Math.round(batch / perToken),
  });
  console.log(
    JSON.stringify({
      family,
      batch,
      promptTokens: ids.length,
      parameters: model.parameterCount,
      ours: line(own),
      transformers: line(other),
      prefillRatio: +(other.prefill / own.prefill).toFixed(2),
      decodeRatio: +(other.perToken / own.perToken).toFixed(2),
    }),
  );
}
if (worker) {
  worker.stdin.end();
  await once(worker, "exit");
}
await model.dispose();
await rm(directory, { recursive: true });
