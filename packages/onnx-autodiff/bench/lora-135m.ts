/**
 * LoRA at sequence 512 on a 135M-parameter Llama/Qwen2-shaped decoder with random weights, mapped from a file:
 * `npx tsx bench/lora-135m.ts [steps]`. Prints milliseconds per step and peak memory.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTrainingStep } from "./training-step.js";

const weightsDirectory = mkdtempSync(join(tmpdir(), "lora-135m-"));
try {
  const step = await createTrainingStep({
    mode: "lora",
    batch: 1,
    sequence: 512,
    config: { vocabulary: 49_152, hidden: 576, layers: 30, heads: 9, kvHeads: 3, headSize: 64, feedForward: 1536 },
    session: { memoryPattern: false },
    keepLogits: false,
    weightsDirectory,
  });
  const ms: number[] = [];
  const losses: number[] = [];
  for (let i = 0; i < Number(process.argv[2] ?? 4); i++) {
    const start = performance.now();
    losses.push(await step.run());
    ms.push(Math.round(performance.now() - start));
  }
  const rss = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(
    JSON.stringify({
      parameters: step.parameters,
      trainable: step.trainable,
      ms,
      losses,
      tokensPerSecond: Math.round((512 / Math.min(...ms)) * 1e3),
      peakRssMB: rss,
    }),
  );
  await step.dispose();
} finally {
  rmSync(weightsDirectory, { recursive: true });
}
