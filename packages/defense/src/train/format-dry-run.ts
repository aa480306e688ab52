import { duration } from "@videosafety/vsb-eval/pages";
import { describeLabels } from "../records/label-counts.js";
import type { StageEstimate } from "./dry-run-node.js";
import type { CheckedRun } from "./preflight-node.js";

const gigabytes = (bytes: number): string =>
  bytes >= 1e8 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** What was checked, before anything is measured. */
export function formatChecked({ run, modelReport, sources, disk, warnings }: CheckedRun): string {
  const { family, parameters, storedAs, memory } = modelReport;
  const lora = run.model.lora === null ? "all weights" : `LoRA of rank ${run.model.lora.rank}`;
  return [
    `model    ${run.model.source}: ${family}, ${parameters.toLocaleString("en-US")} parameters, stored as ${storedAs}`,
    `weights  ${gigabytes(memory.weights[run.model.precision])} at ${run.model.precision}; trained: ${lora}`,
    ...sources.map(
      ({ name, format, records, items, skipped }) =>
        `data     ${name}: ${records} ${format} records, ${items.length} items${skipped.length === 0 ? "" : `, ${skipped.length} skipped`}; no media missing`,
    ),
    `disk     about ${gigabytes(disk.needed)} at most in ${run.out}, ${gigabytes(disk.free)} free`,
    ...warnings.map((warning) => `note     ${warning}`),
    "",
  ].join("\n");
}

/** What one stage would take. */
export function formatEstimate(estimate: StageEstimate): string {
  const { stage, steps, items, byLabel, media, lengths, secondsPerStep, secondsPerMedia, peakBytes } = estimate;
  const time =
    secondsPerStep === null
      ? "not measured"
      : `${secondsPerStep.toPrecision(3)} s a step, about ${duration(secondsPerStep * steps)}`;
  const encode = secondsPerMedia === null ? "" : `, encoding before it about ${duration(secondsPerMedia * media)}`;
  return [
    `${stage}: ${steps} steps on ${items} items (${describeLabels(byLabel)}), ${media} media files`,
    `  tokens   ${lengths.mean.toFixed(0)} on average, ${lengths.most} at most, of ${lengths.counted} looked at`,
    `  time     ${time}${encode}`,
    ...(peakBytes === null ? [] : [`  memory   ${gigabytes(peakBytes)} at most so far`]),
    "",
  ].join("\n");
}
