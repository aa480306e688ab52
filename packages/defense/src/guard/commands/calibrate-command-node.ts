import { readFile } from "node:fs/promises";
import { ITEM_FORMATS, type ItemFormat } from "@videosafety/vsb-eval/node";
import { Option, type Command as Program } from "commander";
import * as z from "zod";
import type { Terminal } from "../../command/command.js";
import { DefenseError } from "../../errors.js";
import { PRECISIONS } from "../../run-file/precisions.js";
import { calibrateFromItems } from "../calibrate/calibrate-guard-node.js";
import { type FrameClassifierSettings, frameClassifierSchema } from "../file/cascade-schema.js";
import { describePromise } from "../file/guard-file.js";
import { numberOption } from "./option-readers.js";

/** `videosafety guard calibrate`. */
export function addCalibrate(program: Program, terminal: Terminal, signal: AbortSignal): void {
  program
    .command("calibrate")
    .description("make a guard of a checkpoint and labelled items that it was not trained on")
    .requiredOption("--checkpoint <directory>", "model directory, hub id, or folder of an adapter")
    .option("--adapter <directory>", "adapter on it")
    .addOption(new Option("--precision <name>", "how the weights are held").choices(PRECISIONS))
    .requiredOption("--items <file>", "labelled items: JSON Lines with labels, 0 = safe, 1 = harmful")
    .addOption(new Option("--format <name>", "layout of the items").choices([...ITEM_FORMATS]).default("vsb"))
    .option("--split <name>", "only the items of this part; needed where there are several")
    .option("--media-root <folder>", "folder that media paths start from", ".")
    .option("--target-frr <rate>", "false refusal rate to promise", numberOption("--target-frr", 1e-6, 0.999), 0.02)
    .option(
      "--confidence <rate>",
      "chance that the promise holds for this very guard; none: in the mean over guards",
      // commander turns null into an empty text
      (text) => (text === "none" ? text : numberOption("--confidence", 0.01, 0.999999)(text)),
      0.95,
    )
    .addOption(
      new Option("--refuse-on <alarm>", "which alarm refuses: of the question, of either, of both")
        .choices(["textual", "either", "both"])
        .default("textual"),
    )
    .option("--max-frames <count>", "most frames of a video", numberOption("--max-frames", 1, 4096, true))
    .option("--fps <rate>", "frames per second of video", numberOption("--fps", 0.001, 1000))
    .option("--first-tier <file>", "ONNX classifier of frames that is asked before the model")
    .option("--first-tier-settings <file>", "JSON: size, layout, mean, std, softmax, and which classes are harmful")
    .option(
      "--allow-miss <share>",
      "share of harmful items that the first tier may let through",
      numberOption("--allow-miss", 0, 1),
      0.01,
    )
    .option(
      "--early-refuse <share>",
      "share of safe items that the first tier may refuse",
      numberOption("--early-refuse", 0, 1),
      0,
    )
    .requiredOption("--out <file>", "the guard, as JSON")
    .action(async (flags) => {
      let last = 0;
      const file = await calibrateFromItems({
        checkpoint: flags.checkpoint,
        ...(flags.adapter && { adapter: flags.adapter }),
        ...(flags.precision && { precision: flags.precision }),
        items: flags.items,
        format: flags.format as ItemFormat,
        ...(flags.split && { split: flags.split }),
        root: flags.mediaRoot,
        targetFrr: flags.targetFrr,
        confidence: flags.confidence === "none" ? null : flags.confidence,
        refuseOn: flags.refuseOn,
        ...(flags.maxFrames && { maxFrames: flags.maxFrames }),
        ...(flags.fps && { fps: flags.fps }),
        ...(flags.firstTier && {
          firstTier: {
            file: flags.firstTier,
            classifier: await readClassifierSettings(flags.firstTierSettings),
            allowMiss: flags.allowMiss,
            earlyRefuse: flags.earlyRefuse,
          },
        }),
        out: flags.out,
        signal,
        onItem: (done, total) => {
          const share = Math.floor((100 * done) / total);
          if (terminal.interactive) terminal.err(`\r${done} of ${total} items${done === total ? "\n" : ""}`);
          else if (share >= last + 10 || done === total) {
            last = share;
            terminal.err(`${done} of ${total} items\n`);
          }
        },
      });
      const { data } = file.provenance;
      terminal.out(
        `${JSON.stringify({ out: flags.out, promise: describePromise(file), threshold: file.calibration.refusal.threshold, items: data.items, safe: data.safe, harmful: data.harmful, drift: file.drift, ...(file.cascade && { cascade: file.cascade.measured }) })}\n`,
      );
    });
}

async function readClassifierSettings(path: string | undefined): Promise<FrameClassifierSettings> {
  if (path === undefined)
    throw new DefenseError(
      "usage",
      "--first-tier: expected --first-tier-settings beside it, found none: a JSON file with size, layout and harmful",
    );
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new DefenseError(
      "invalid-input",
      `${path}: expected a JSON file, found ${(cause as { code?: string }).code ?? "what cannot be read"}`,
      { cause },
    );
  }
  const parsed = frameClassifierSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DefenseError("invalid-input", `${path}: ${z.prettifyError(parsed.error)}`);
}
