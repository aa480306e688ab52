import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  type AtSftConfigInput,
  STAGE_1_ALARM_AR,
  STAGE_2_AT_SFT,
  STAGE_3_COT,
  trainAtSft,
} from "@videosafety/alarm-tokens/train";
import { grpoPreset } from "@videosafety/grpo";
import { trainGrpo } from "@videosafety/grpo/train";
import { evalItemSchema, formatTaggedCompletion } from "@videosafety/safety-data";
import {
  FeatureCache,
  loadVideoLlm,
  type Precision,
  type PreparedPrompt,
  type PreparedSample,
  samplePlanFor,
} from "@videosafety/video-llm";
import { createLocalResponder, createRuleJudge, runEvaluation } from "@videosafety/vsb-eval";
import { JsonlFileStore, videoFrames } from "@videosafety/vsb-eval/node";

/*
 * One optimizer step of each of the four stages and one evaluation item after each, on any checkpoint and clip, with a frozen base and
 * LoRA; seconds, processor seconds and peak memory as JSON lines, then hours for the authors' numbers of records. Meant for the true
 * shape of VideoLLaMA3-2B with random weights:
 *
 *   TWO_BILLION_DIRECTORY=two-billion npx tsx packages/video-llm/bench/two-billion.ts write
 *   npx tsx examples/defend-smollm2/src/two-billion-stages.ts --model two-billion --clip two-billion/clip.mp4
 */
const { values } = parseArgs({
  options: {
    model: { type: "string" },
    clip: { type: "string" },
    precision: { type: "string", default: "int4" },
    frames: { type: "string", default: "16" },
    rank: { type: "string", default: "16" },
    generations: { type: "string", default: "6" }, // the authors'
    completion: { type: "string", default: "32" }, // tokens of a rollout and of an answer
    threads: { type: "string", default: String(cpus().length) },
  },
});
const { model: directory, clip } = values;
const [frames, rank, numGenerations, completionTokens, threads] = [
  ...[values.frames, values.rank, values.generations, values.completion, values.threads].map(Number),
] as [number, number, number, number, number];
const whole = [frames, rank, numGenerations, completionTokens, threads].every((n) => Number.isInteger(n) && n > 0);
if (directory === undefined || clip === undefined || !whole) {
  console.error(
    "expected --model, --clip, and whole numbers for --frames, --rank, --generations, --completion and --threads",
  );
  process.exit(2);
}

/** The authors' records per stage: 10,000 twice, and 4,000 of the issue that asked; their own later sets are larger. */
const RECORDS = { 1: 10_000, 2: 10_000, 3: 4_000, 4: 4_000 } as const;
const QUERY = "what happens in this video, and in which order?";
const GROUPS = { lora: 1e-4, alarmTokens: 1e-4 };
/** What the last measured part took. */
let last = { seconds: 0, cpuSeconds: 0 };
const cost: Partial<Record<keyof typeof RECORDS, number>> = {};

const model = await timed("load", () =>
  loadVideoLlm(directory, { precision: values.precision as Precision, memoryPattern: false, threads }),
);
model.addLora({ rank, alpha: 2 * rank });
const features = new FeatureCache(model, { sampling: samplePlanFor(model.config.family, { maxFrames: frames }) });
const visual = await timed("encode video", () => features.ofFile(clip));
const prompt = model.preparePrompt({ messages: [{ role: "user", content: QUERY }], visual });
const answers = {
  plain: "Sorry, I cannot help with this request. ".repeat(2).trim(),
  tagged: formatTaggedCompletion({
    think: "Video: a hazard. Query: asks for what must not be told.",
    answer: "Sorry, I cannot help with this.",
    vidType: 1,
    textType: 1,
  }),
};
const sampleOf = (completion: string): PreparedSample =>
  model.prepareSample({ prompt, completion, labels: { visual: 1, textual: 1 } });
console.log(
  JSON.stringify({
    parameters: model.parameterCount,
    frames: visual.frameTokenCounts.length,
    promptTokens: prompt.tokenIds.length,
    completionTokens: {
      plain: sampleOf(answers.plain).completionIds.length,
      tagged: sampleOf(answers.tagged).completionIds.length,
    },
  }),
);

const stages: readonly (readonly [1 | 2 | 3, string, AtSftConfigInput])[] = [
  [1, answers.plain, { ...STAGE_1_ALARM_AR, learningRates: GROUPS }],
  [2, answers.plain, { ...STAGE_2_AT_SFT, learningRates: { ...GROUPS, classifiers: 1e-4 } }],
  [3, answers.tagged, { ...STAGE_3_COT, learningRates: { lora: 1e-4 } }],
];
for (const [stage, completion, config] of stages) {
  const sample = sampleOf(completion);
  const describe = ({ prompt, completionIds, labels }: PreparedSample) => ({
    assistantTokens: completionIds.length,
    sequenceTokens: prompt.tokenIds.length + completionIds.length,
    labels,
  });
  // The first step compiles; the second is what a record costs.
  for (const round of ["first step", "step"]) {
    await timed(`stage ${stage}, ${round}`, async (note) => {
      const run = trainAtSft({
        model,
        data: { sources: { one: [sample] }, describe },
        config: { ...config, batchSize: 1 },
      });
      for await (const event of run) if (event.type === "step") note({ loss: event.loss });
    }).then(() => {
      cost[stage] = last.cpuSeconds;
    });
  }
  await evaluateOne(`stage ${stage}, one item`);
}

const policy = model.policy({ groups: ["lora"], reference: "snapshot" });
await timed("stage 4, step", async (note) => {
  const run = trainGrpo<PreparedPrompt, { readonly prompt: PreparedPrompt }>({
    policy,
    data: [{ prompt }],
    // Random weights say nothing that the rules could tell apart: the rewards are the places, so that the step is a whole one.
    rewards: { place: ({ completions }) => Promise.resolve(completions.map((_, place) => place)) },
    config: {
      ...grpoPreset("vsr1"),
      ...{
        maxSteps: 1,
        promptsPerRollout: 1,
        numGenerations,
        maxCompletionLength: completionTokens,
        learningRate: 1e-5,
      },
      perDeviceTrainBatchSize: 1,
    },
  });
  for await (const event of run) if (event.type === "update") note({ kl: event.kl });
});
cost[4] = last.cpuSeconds;
await evaluateOne("stage 4, one item");
const cores = cpus().length;
for (const [stage, records] of Object.entries(RECORDS)) {
  const cpuSecondsPerRecord = cost[Number(stage) as keyof typeof RECORDS] as number;
  const hours = Math.round((cpuSecondsPerRecord * records) / cores / 360) / 10;
  console.log(JSON.stringify({ stage: Number(stage), records, cpuSecondsPerRecord, cores, hours }));
}

/** One item through vsb-eval: sampled, answered, judged. */
async function evaluateOne(what: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "one-item-"));
  try {
    await timed(what, async (note) => {
      const labels = { visual: 1, textual: 1 } as const;
      const item = { id: "one", subset: "HH", query: QUERY, video: { path: clip }, category: null, subcategory: null };
      const items = [evalItemSchema.parse({ ...item, language: "en", labels })];
      const responder = createLocalResponder({ id: what, model, featuresOf: (video) => features.ofVideo(video) });
      const store = await JsonlFileStore.open(folder);
      const [judge, sampling] = [createRuleJudge(), videoFrames({ plan: features.plan })];
      const options = { items, responder, arms: ["video"], judge, store, sampling };
      let done = 0;
      for await (const event of runEvaluation({ ...options, generation: { maxNewTokens: completionTokens } }))
        if (event.type === "progress") done = event.done;
      await store.close();
      note({ items: done });
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a part and prints what it took; `note` adds to the line. */
async function timed<T>(part: string, work: (note: (more: object) => void) => Promise<T>): Promise<T> {
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  let more = {};
  const value = await work((noted) => {
    more = noted;
  });
  const used = process.cpuUsage(cpu);
  const round = (x: number): number => Math.round(100 * x) / 100;
  last = { seconds: round((performance.now() - started) / 1000), cpuSeconds: round((used.user + used.system) / 1e6) };
  const status = readFileSync("/proc/self/status", "utf8");
  const gigabytes = (key: string): number =>
    round((Number(status.match(new RegExp(`${key}:\\s+(\\d+) kB`))?.[1]) * 1024) / 1e9);
  console.log(JSON.stringify({ part, ...last, ...more, peakGB: gigabytes("VmHWM"), privateGB: gigabytes("RssAnon") }));
  return value;
}
