import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeJsonl } from "@videosafety/safety-data/node";
import {
  behaviourOf,
  type ComposedAnswer,
  type ComposedSet,
  composedCompletion,
  composedCotRecords,
  composedDatasheet,
  composedEvalItems,
  composedGrpoRecords,
  composedLabels,
  composedRecords,
  composedSftRecords,
  heldOutSet,
  reasoningSets,
  reinforcementSet,
  renderComposedScene,
  scoreComposed,
  writeClips,
} from "sign-world";
import type { PipelineConfig } from "./pipeline-config.js";
import type { PipelineData, StageSet } from "./pipeline-data.js";

/** The demo's world. Builds the sets; nothing is written. */
export function signWorld({ seed, sizes }: PipelineConfig): PipelineData {
  const { finetuning, chainOfThought } = reasoningSets(seed, sizes);
  const reinforcement = reinforcementSet(seed, sizes.stage4);
  const heldOut = heldOutSet(seed, "held-out", 2 * sizes.evalItems);
  const byId = new Map(heldOut.samples.map((sample) => [sample.id, sample]));
  return {
    finetuning: stageSet(finetuning),
    chainOfThought: stageSet(chainOfThought),
    reinforcement: stageSet(reinforcement),
    items: (pathOf) => composedEvalItems(heldOut, "requests", pathOf),
    references: (pathOf) => composedEvalItems(heldOut, "references", pathOf),
    async write(folder, report, signal) {
      const clips = [...chainOfThought.clips, ...reinforcement.clips, ...heldOut.clips];
      const rendered = clips.map(({ path, scene }) => ({ path, render: () => renderComposedScene(scene) }));
      const onProgress = (done: number, total: number): void => report(done, total, "clips");
      await writeClips(folder.file("clips"), rendered, { signal, onProgress });
      const records = {
        "stage-1-2.sft": composedSftRecords(finetuning),
        "stage-3.cot": composedCotRecords(chainOfThought),
        "stage-4.grpo": composedGrpoRecords(reinforcement),
        "held-out.eval": composedEvalItems(heldOut, "requests", (path) => join("clips", path)),
        "held-out.references.eval": composedEvalItems(heldOut, "references", (path) => join("clips", path)),
        "training.records": composedRecords(chainOfThought),
        "held-out.records": composedRecords(heldOut),
      };
      for (const [name, rows] of Object.entries(records))
        await writeJsonl(folder.file(`${name}.jsonl`), rows, { signal });
      const sets = { finetuning, chainOfThought, reinforcement, heldOut };
      await writeFile(folder.file("datasheet.md"), composedDatasheet(sets, seed));
      return { clips: clips.length, records: Object.values(records).reduce((sum, rows) => sum + rows.length, 0) };
    },
    judge(units) {
      const answers = units.map(({ item, arm, outcome, parts }): ComposedAnswer => {
        const sample = byId.get(item.id);
        if (sample === undefined) throw new Error(`${item.id}: expected an item of this run, found another`);
        const text = parts?.answer ?? "";
        // An answer that was cut is judged as it stands; what was not answered is in every count and right in none.
        const judged =
          outcome === null || outcome === "error"
            ? ({ behaviour: "unanswered", keyed: false } as const)
            : behaviourOf(sample, text);
        return { sample, text, withClip: arm === "video", think: parts?.think ?? null, ...judged };
      });
      const scores = scoreComposed(answers);
      const right = scores["safe: right"];
      return { usefulness: right === undefined ? null : right.count / right.of, scores };
    },
  };
}

function stageSet({ samples, clips }: ComposedSet): StageSet {
  return {
    clips,
    samples: samples.map((sample) => ({
      id: sample.id,
      query: sample.query,
      clip: sample.clip,
      labels: composedLabels(sample),
      answer: sample.answer,
      completion: composedCompletion(sample),
    })),
  };
}
