#!/usr/bin/env node
import type { DownloadProgress, Precision } from "@videosafety/video-llm";
import { Command, InvalidArgumentError, Option } from "commander";
import { ask } from "./ask.js";

interface Flags {
  readonly model: string;
  readonly name?: string;
  readonly maxFrames: number;
  readonly maxTokens: number;
  readonly fps?: number;
  readonly precision?: Precision;
  readonly provider?: string[];
  readonly revision?: string;
}

const PRECISIONS = ["float32", "bfloat16", "float16", "int8", "int4"] as const;

/** A flag that is a number above zero. */
function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("expected a number above 0.");
}

function wholePositive(text: string): number {
  const value = positive(text);
  if (Number.isInteger(value)) return value;
  throw new InvalidArgumentError("expected a whole number above 0.");
}

/** Says which file is coming down, ten times per file. */
function showProgress({ file, fileBytes, fileTotal }: DownloadProgress): void {
  const tenth = (bytes: number): number => Math.floor((10 * bytes) / Math.max(1, fileTotal));
  if (fileTotal < 1e6 || (shown.file === file && shown.tenth === tenth(fileBytes))) return;
  shown = { file, tenth: tenth(fileBytes) };
  process.stderr.write(`${file}: ${10 * shown.tenth} %\n`);
}
let shown = { file: "", tenth: -1 };

const command = new Command("ask-video")
  .description("Asks a Video LLM questions about a video. Answers go to stdout, alarm readings to stderr.")
  .argument("<video>", "video file")
  .argument("<question...>", "one or more questions")
  .requiredOption(
    "--model <id|directory|url>",
    "model of the Hugging Face hub, directory, or base URL of an OpenAI-compatible server",
  )
  .option("--name <name>", "the server's name for its model")
  .option("--max-frames <n>", "most frames looked at", wholePositive, 16)
  .option("--fps <n>", "frames per second of video (default: the model's own)", positive)
  .option("--max-tokens <n>", "most tokens of an answer", wholePositive, 200)
  .addOption(new Option("--precision <name>", "how a local model's weights are held").choices(PRECISIONS))
  .option("--provider <name...>", "onnxruntime execution providers, in order of preference (default: cpu)")
  .option("--revision <name>", "branch, tag or commit of an id")
  .action(async (video: string, questions: string[], flags: Flags) => {
    const controller = new AbortController();
    process.once("SIGINT", () => controller.abort(new Error("interrupted")));
    const pieces = ask({
      model: flags.model,
      ...(flags.name === undefined ? {} : { remoteName: flags.name }),
      video,
      questions,
      maxFrames: flags.maxFrames,
      maxTokens: flags.maxTokens,
      ...(flags.fps === undefined ? {} : { fps: flags.fps }),
      ...(flags.precision === undefined ? {} : { precision: flags.precision }),
      ...(flags.provider === undefined ? {} : { providers: flags.provider }),
      ...(flags.revision === undefined ? {} : { revision: flags.revision }),
      onProgress: showProgress,
      signal: controller.signal,
    });
    let current = -1;
    for await (const { question, text, alarms } of pieces) {
      if (question !== current) {
        process.stdout.write(`${current < 0 ? "" : "\n"}> ${questions[question]}\n`);
        current = question;
      }
      if (alarms)
        process.stderr.write(`alarms: video ${alarms.visual.toFixed(2)}, query ${alarms.textual.toFixed(2)}\n`);
      process.stdout.write(text);
    }
    process.stdout.write("\n");
  });

try {
  await command.parseAsync();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
