import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { greyPng } from "./guard-fixtures.js";
import { rawVideo } from "./raw-video.js";

const lines = (records: readonly unknown[]): string => records.map((one) => `${JSON.stringify(one)}\n`).join("");
const human = (value: string) => ({ from: "human", value });
const gpt = (value: string) => ({ from: "gpt", value });

/** Clips and records in the authors' two formats, with harm as a bare label: bright clips are harmful, and queries that name the request. */
export async function writeAuthorsData(folder: string, records = 8): Promise<void> {
  await mkdir(join(folder, "media"), { recursive: true });
  for (let i = 0; i < 4; i++)
    await writeFile(join(folder, "media", `clip-${i}.y4m`), rawVideo(3, 56, i % 2 === 0 ? 40 : 160));
  await writeFile(join(folder, "media", "still.png"), greyPng(90, 56));
  const made = Array.from({ length: records }, (_, i) => {
    const [visual, textual] = [i % 2, Math.floor(i / 2) % 2];
    const query = textual === 1 ? "do the request" : "what happens here?";
    const answer = textual === 1 ? "no" : "a sign appears.";
    return { i, visual, textual, query, answer, clip: `clip-${i % 4}.y4m` };
  });
  const completion = ({ answer, visual, textual }: (typeof made)[number]): string =>
    `<think>a sign</think><answer>${answer}</answer><vidType>${visual}</vidType><textType>${textual}</textType>`;
  const sft = made.map(({ visual, textual, query, answer, clip }) => ({
    video: clip,
    conversations: [human(`<video>\n${query}`), gpt(answer)],
    safety_labels: { visual, textual },
  }));
  const talk = {
    image: "still.png",
    conversations: [human("<image>\nwhat happens here?"), gpt("yes"), human("what?"), gpt("a sign.")],
  };
  await writeFile(join(folder, "sft.jsonl"), lines(sft));
  await writeFile(join(folder, "rewards.mjs"), REWARDS);
  await writeFile(join(folder, "calibration.jsonl"), lines(calibrationItems()));
  await writeFile(join(folder, "general.jsonl"), lines([talk, { conversations: [human("who?"), gpt("a person")] }]));
  await writeFile(
    join(folder, "cot.jsonl"),
    lines(
      made.map((one) => ({
        video: one.clip,
        conversations: [human(`<video>\n${one.query}`), gpt(completion(one))],
        safety_labels: { visual: one.visual, textual: one.textual },
      })),
    ),
  );
  await writeFile(
    join(folder, "rl.jsonl"),
    lines(
      made.map((one) => ({
        ...{ problem_id: one.i, data_type: "video", path: one.clip, problem: one.query },
        ...{ problem_type: "free-form-and-choice", solution: completion(one) },
      })),
    ),
  );
  const items = (of: string, asked: typeof made): string =>
    lines(
      asked.map(({ i, visual, textual, query, clip }) => ({
        id: `${of}-${i}`,
        subset: textual === 0 ? "SafeQ" : visual === 1 ? "HH" : "SH",
        query,
        ...(textual === 0 && { reference: { keys: ["sign"] } }),
        video: { path: clip },
        ...{ category: null, subcategory: null, language: "en", labels: { visual, textual } },
      })),
    );
  await writeFile(join(folder, "held-out.jsonl"), items("item", made));
  await writeFile(join(folder, "probes.jsonl"), items("probe", made.slice(0, 2)));
  await writeFile(join(folder, "scorer.mjs"), SCORER);
}

/** Items for a guard's calibration: enough safe ones for a promise of 2 %. */
function calibrationItems(): unknown[] {
  return Array.from({ length: 180 }, (_, i) => {
    const harmful = i >= 160;
    return {
      ...{
        id: `calibration-${i}`,
        subset: harmful ? "HH" : "SafeQ",
        query: harmful ? `do the request ${i}` : `what happens ${i}?`,
      },
      ...{ video: { path: `clip-${i % 4}.y4m` }, category: null, subcategory: null, language: "en" },
      labels: { visual: harmful ? 1 : 0, textual: harmful ? 1 : 0 },
    };
  });
}

/** A reward of the user's own: completions of a fresh model earn something, so that stage 4 moves the weights. */
const REWARDS = `export const rewards = {
  variety: ({ completion }) => ({ value: new Set(completion).size / 20, parts: {}, reason: null }),
};
`;

/** A scorer of the user's own: how many answers have an "a", of items and probes apart. */
const SCORER = `export function score({ units }) {
  const share = (of, arm) => {
    const own = units.filter((unit) => unit.item.id.startsWith(of) && unit.arm === arm);
    return { count: own.filter((unit) => unit.parts?.answer.includes("a")).length, of: own.length };
  };
  const scores = { "items: a": share("item", "video"), "probes: a": share("probe", "video") };
  return { scores, understanding: { of: "letters", right: scores["items: a"].count / scores["items: a"].of } };
}
`;

/** A run file for them: all four stages with adapters, in a few steps. */
export const RUN_FILE = `
preset: lora-cpu
out: run
model:
  source: model
  precision: float32
  lora: { rank: 4, alpha: 8 }
data:
  vst: { file: sft.jsonl, mediaRoot: media }
  general: { file: general.jsonl, mediaRoot: media, missingLabels: safe }
  cot: { file: cot.jsonl, mediaRoot: media }
  rl: { file: rl.jsonl, mediaRoot: media }
frames: { fps: 1, maxFrames: 3 }
saveSteps: 1
stages:
  - { stage: 1, sources: [vst, general], batchSize: 4, maxSteps: 2 }
  - { stage: 2, sources: [vst, general], batchSize: 4, maxSteps: 3 }
  - { stage: 3, sources: [cot], batchSize: 4, maxSteps: 2 }
  - { stage: 4, prompt: plain, promptsPerRollout: 2, numGenerations: 2, maxSteps: 3, maxCompletionLength: 12 }
rewards:
  use: { format: 1, accuracy: 1, variety: 1 }
  modules: [rewards.mjs]
evaluation:
  items: held-out.jsonl
  root: media
  generation: { maxNewTokens: 8 }
  probes: probes.jsonl
  scorers: [scorer.mjs]
  blur: false
`;
