#!/usr/bin/env node
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AlarmTokensError, describeGuarantee } from "@videosafety/alarm-tokens";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { RefusalRates } from "./alarm-readings.js";
import { assessItems } from "./assess-items-node.js";
import { writeFigures } from "./figures-node.js";
import type { SpanFinding } from "./locate-spans.js";
import { lastLayerShare } from "./look-inside.js";
import { type MicroResults, runMicro } from "./run-micro.js";
import { FULL } from "./train-micro.js";

interface Flags {
  readonly seed: number;
  readonly out: string;
  readonly targetFrr: number;
  readonly confidence: number | "none";
  readonly checkpoint?: string;
  readonly items?: string;
  readonly records?: string;
  readonly mediaRoot?: string;
  readonly compare: readonly string[];
  readonly fps: number;
  readonly maxFrames: number;
}

function parseNumber(text: string): number {
  if (text.trim() === "" || !Number.isFinite(Number(text))) throw new InvalidArgumentError("expected a number");
  return Number(text);
}

/** Records that a readout is fitted on; clips lie in `clips` beside them unless said otherwise. */
function trainingOf({ records, mediaRoot }: Flags): { records: string; mediaRoot: string } | null {
  return records === undefined ? null : { records, mediaRoot: mediaRoot ?? join(dirname(records), "clips") };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const row = (name: string, { hh, sh, frr }: RefusalRates): string =>
  `${name.padEnd(34)} ${percent(hh).padStart(8)} ${percent(sh).padStart(8)} ${percent(frr).padStart(8)}`;

function table({ answers, trials, auc, spans, inside }: MicroResults, targetFrr: number): string {
  const mean = (of: (rates: RefusalRates) => number): number =>
    trials.reduce((sum, t) => sum + of(t), 0) / trials.length;
  const guard = { hh: mean((t) => t.hh), sh: mean((t) => t.sh), frr: mean((t) => t.frr) };
  const probed = (modality: "visual" | "textual"): string =>
    inside.probes[modality].map((probe) => probe.auc.toFixed(2)).join(" ");
  const found = ({ overlap, flagged, passes }: SpanFinding): string =>
    `${overlap.toFixed(2)} (${percent(flagged)} of clips flagged) in ${passes.toFixed(1)} passes a clip`;
  const above = trials.filter(({ frr }) => frr > targetFrr).length;
  return [
    "",
    `${"refused".padEnd(34)} ${"HH".padStart(8)} ${"SH".padStart(8)} ${"FRR".padStart(8)}`,
    row("base model", answers.base),
    row("refusal training, no alarm tokens", answers.refusalTraining),
    row("stage 2, its own answers", answers.stage2),
    row(`stage 2 + guard, ${trials.length} calibrations`, guard),
    "",
    `AUC: visual ${auc.visual.toFixed(3)}, textual ${auc.textual.toFixed(3)}; readout of query harm ${auc.readout.toFixed(3)}`,
    `guard's FRR: most ${percent(Math.max(...trials.map(({ frr }) => frr)))}, above the target in ${above} of ${trials.length} calibrations`,
    `guard's own time: ${percent(spans.windows.overheadShare)} of an assessment`,
    `which second is harmful, overlap with the truth: windows ${found(spans.windows)}, segment alarms ${found(spans.segments)}`,
    `segment alarms: AUC of the seconds of harmful clips ${spans.segments.secondsAuc.toFixed(2)}; visual alarm after their training ${spans.segments.visualAuc.toFixed(3)}`,
    `probes by layer (0 = embedding): visual alarm ${probed("visual")}, textual alarm ${probed("textual")}`,
    `attention to the video in the last layer: visual alarm ${percent(lastLayerShare(inside.attention, "visual"))}, textual alarm ${percent(lastLayerShare(inside.attention, "textual"))}`,
  ].join("\n");
}

async function run(flags: Flags): Promise<void> {
  const { seed, targetFrr } = flags;
  const confidence = flags.confidence === "none" ? null : flags.confidence; // commander turns a parsed null into ""
  if (flags.checkpoint !== undefined && flags.items !== undefined) {
    const sampling = { fps: flags.fps, maxFrames: flags.maxFrames };
    const found = await assessItems({
      checkpoint: flags.checkpoint,
      compared: flags.compare,
      items: flags.items,
      training: trainingOf(flags),
      sampling,
      targetFrr,
      confidence,
    });
    const files = await writeFigures(flags.out, { ...found, snapshots: [], inside: null });
    const shipped = join(flags.out, "guard.json");
    await writeFile(shipped, `${JSON.stringify({ calibration: found.calibration, readout: found.readout })}\n`);
    files.push(shipped);
    process.stdout.write(`${describeGuarantee(found.calibration)}\n${found.summary}\n${files.join("\n")}\n`);
    return;
  }
  const results = await runMicro({
    seed,
    amounts: FULL,
    targetFrr,
    confidence,
    seeds: 20,
    onEvent: (stage, event) => {
      if (event.type === "step" && event.step % 10 === 0) {
        process.stderr.write(`\r${stage} ${event.step}/${event.totalSteps}, loss ${event.loss.toFixed(3)}   `);
      }
      if (event.type === "done") process.stderr.write("\n");
    },
  });
  const calibration = (results.trials[0] as MicroResults["trials"][number]).calibration;
  const files = await writeFigures(flags.out, { ...results, calibration });
  process.stdout.write(`${table(results, targetFrr)}\n${describeGuarantee(calibration)}\n\n${files.join("\n")}\n`);
}

const program = new Command("alarm-guard")
  .description(
    "Trains alarm tokens on a tiny Video LLM, calibrates a guard and draws its figures. With a checkpoint and items: calibrates and measures a guard of that model.",
  )
  .option("--seed <n>", "seed of the micro world and of training", parseNumber, 1)
  .option("--out <folder>", "where figures go", "alarm-guard-figures")
  .option("--target-frr <share>", "false refusal rate to promise", parseNumber, 0.02)
  .option(
    "--confidence <share>",
    "of the promise, or none for the mean",
    (text) => (text === "none" ? text : parseNumber(text)),
    0.95,
  )
  .option("--checkpoint <folder>", "a video-llm checkpoint with trained heads, e.g. demo-runs/seed-1/models/stage-2")
  .option("--items <file>", "evaluation items, e.g. demo-runs/seed-1/held-out.eval.jsonl")
  .option(
    "--records <file>",
    "training records (authors' format) to fit a readout on, e.g. demo-runs/seed-1/stage-3.cot.jsonl",
  )
  .option("--media-root <folder>", "where the records' clips lie (default: clips beside the records)")
  .option("--compare <folders...>", "checkpoints that refuse by themselves, as points beside the guard's curve", [])
  .option("--fps <n>", "frames per second for --items", parseNumber, 1)
  .option("--max-frames <n>", "cap on the frames for --items", parseNumber, 6)
  .exitOverride()
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof AlarmTokensError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  } else throw error;
}
