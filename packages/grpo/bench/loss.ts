// Loss and gradient of 384 x 768 tokens, and selective log-softmax at vocabulary 151,936. Prints one JSON line.
// usage: npx tsx packages/grpo/bench/loss.ts   (torch_loss.py is the other side; run them one after the other. ATEN_CPU_CAPABILITY=avx2 holds torch
// to AVX2 on a machine with AVX-512; WebAssembly has 128-bit lanes on both.)
import { createRng } from "@videosafety/random";
import { cpuFeatures } from "@videosafety/vsb-eval/node";
import { grpoLoss, type LossOptions, selectiveLogSoftmax } from "../src/index.js";

const rng = createRng(1);
const [rows, length, vocabulary] = [384, 768, 151_936];
const normal = (scale: number, base?: readonly Float64Array[]) =>
  Array.from({ length: rows }, (_, r) =>
    Float64Array.from({ length }, (_, t) => (base ? (base[r]?.[t] as number) : -1) + scale * rng.normal()),
  );
const logProbs = normal(0.3);
const batch = {
  logProbs,
  oldLogProbs: normal(0.1, logProbs),
  referenceLogProbs: normal(0.2, logProbs),
  advantages: Float64Array.from({ length: rows }, () => rng.normal()),
};

function best(work: () => void, repetitions: number): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < repetitions; i++) {
    const start = performance.now();
    work();
    smallest = Math.min(smallest, performance.now() - start);
  }
  return smallest;
}

const nanoseconds = (options: LossOptions, change = {}) =>
  (best(() => grpoLoss({ ...batch, ...change }, options), 60) * 1e6) / (rows * length);
// 16 rows (10 MB) stay in the last-level cache; 256 rows (156 MB) do not, and are what a rollout looks like.
const logits = Float32Array.from({ length: 256 * vocabulary }, (_, i) => 3 * Math.sin(i * 0.37) + ((i * 31) % 97) / 97);
const tokensPerSecond = (count: number, backend: "wasm" | "portable", entropies: boolean) => {
  const targets = Int32Array.from({ length: count }, (_, i) => i * 7);
  const block = logits.subarray(0, count * vocabulary);
  const work = () => selectiveLogSoftmax(block, vocabulary, targets, { backend, entropies });
  return (count / best(work, count > 100 ? 4 : 20)) * 1000;
};

console.log(
  JSON.stringify({
    cpu: cpuFeatures(),
    "grpo, no KL": nanoseconds({ lossType: "grpo" }),
    "grpo, KL 0.04": nanoseconds({ lossType: "grpo", beta: 0.04, useBiasCorrectionKl: false }),
    "grpo, on-policy, KL 0.04": nanoseconds(
      { lossType: "grpo", beta: 0.04, useBiasCorrectionKl: false },
      { oldLogProbs: undefined },
    ),
    "gspo, KL 0.04": nanoseconds({ lossType: "grpo", importanceSamplingLevel: "sequence", beta: 0.04 }),
    sapo: nanoseconds({ lossType: "sapo" }),
    "log-softmax, 16 rows": tokensPerSecond(16, "wasm", false),
    "log-softmax, 256 rows": tokensPerSecond(256, "wasm", false),
    "log-softmax + entropy, 16 rows": tokensPerSecond(16, "wasm", true),
    "log-softmax portable, 16 rows": tokensPerSecond(16, "portable", false),
  }),
);
