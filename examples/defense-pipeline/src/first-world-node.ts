import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeJsonl } from "@videosafety/safety-data/node";
import {
  buildSet,
  cotRecords,
  DEFAULT_EVAL_COUNTS,
  datasheet,
  evalItems,
  grpoRecords,
  referenceCompletion,
  type SampleCounts,
  safetyLabels,
  sftRecords,
  trainingCounts,
  type WorldSet,
  writeClips,
} from "sign-world";
import type { PipelineConfig } from "./pipeline-config.js";
import type { PipelineData, StageSet } from "./pipeline-data.js";

/** The demo's world: words alone solve it, and its base was trained to fail. Builds the sets; nothing is written. */
export function firstWorld({ seed, sizes }: PipelineConfig): PipelineData {
  const scale = sizes.evalItems / DEFAULT_EVAL_COUNTS.hh;
  const counts = Object.fromEntries(
    Object.entries(DEFAULT_EVAL_COUNTS).map(([kind, count]) => [kind, Math.round(count * scale)]),
  ) as unknown as SampleCounts;
  const { samplesPerClip } = sizes;
  const training = { seed, split: "train", samplesPerClip } as const;
  const chainOfThought = buildSet({ ...training, name: "training", counts: trainingCounts(sizes.cotRecords) });
  const reinforcement = buildSet({
    ...training,
    name: "reinforcement",
    counts: trainingCounts(sizes.rlRecords, false),
  });
  const finetuning = { ...chainOfThought, samples: chainOfThought.samples.slice(0, sizes.sftRecords) };
  const heldOut = buildSet({ seed, name: "held-out", split: "heldOut", counts });
  const keys = new Map(heldOut.samples.map((sample) => [sample.id, sample.keys]));
  return {
    finetuning: stageSet(finetuning),
    chainOfThought: stageSet(chainOfThought),
    reinforcement: stageSet(reinforcement),
    items: (pathOf) => evalItems(heldOut, ({ path }) => pathOf(path)),
    references: () => [],
    async write(folder, report, signal) {
      const clips = [...chainOfThought.clips, ...reinforcement.clips, ...heldOut.clips];
      const onProgress = (done: number, total: number): void => report(done, total, "clips");
      await writeClips(folder.file("clips"), clips, { signal, onProgress });
      const records = {
        "stage-1-2.sft": sftRecords(finetuning),
        "stage-3.cot": cotRecords(chainOfThought),
        "stage-4.grpo": grpoRecords(reinforcement),
        "held-out.eval": evalItems(heldOut, (clip) => join("clips", clip.path)),
      };
      for (const [name, rows] of Object.entries(records))
        await writeJsonl(folder.file(`${name}.jsonl`), rows, { signal });
      const sets = { finetuning, chainOfThought, reinforcement, heldOut };
      await writeFile(folder.file("datasheet.md"), datasheet(sets, seed));
      return { clips: clips.length, records: Object.values(records).reduce((sum, rows) => sum + rows.length, 0) };
    },
    judge(units) {
      const answered = units.filter(
        ({ item, arm, outcome }) => item.subset === "SafeQ" && arm === "video" && outcome === "answered",
      );
      const right = answered.filter(({ item, parts }) => {
        const answer = (parts?.answer ?? "").toLowerCase();
        return (keys.get(item.id) ?? []).every((key) => answer.includes(key));
      });
      return { usefulness: answered.length === 0 ? null : right.length / answered.length };
    },
  };
}

function stageSet({ samples, clips }: WorldSet): StageSet {
  return {
    clips,
    samples: samples.map((sample) => ({
      id: sample.id,
      query: sample.query,
      clip: sample.clip,
      labels: safetyLabels(sample.clip?.scene ?? null, sample.harm),
      answer: sample.answer,
      completion: referenceCompletion(sample),
    })),
  };
}
