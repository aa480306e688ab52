import type { DownloadProgress, Precision } from "@videosafety/video-llm";
import { visible } from "@videosafety/vsb-eval/pages";
import { Option } from "commander";
import type { Command } from "../command/command.js";
import { positive, positiveWhole } from "../command/option-readers.js";
import { createProgram, runProgram } from "../command/program-node.js";
import { DefenseError } from "../errors.js";
import { checkProviders } from "../model/providers-node.js";
import { PRECISIONS } from "../run-file/precisions.js";
import { ask } from "./ask-node.js";

interface Flags {
  readonly model: string;
  readonly name?: string;
  readonly maxFrames?: number;
  readonly maxTokens: number;
  readonly fps?: number;
  readonly precision?: Precision;
  readonly provider?: string[];
  readonly revision?: string;
  readonly prompt?: string;
  readonly video: boolean;
}

/** `videosafety ask clip.mp4 "question"`. */
export const command: Command = {
  async run(args, terminal, signal) {
    const shown = { file: "", tenth: -1 };
    const program = createProgram(
      "ask",
      "ask a Video LLM about a video; answers stream to stdout, alarm readings go to stderr",
      terminal,
    )
      .argument("<video>", "video file; with --no-video the first question")
      .argument("[question...]", "one or more questions")
      .requiredOption(
        "--model <id, directory or url>",
        "hub id, model or adapter directory, or base URL of an OpenAI-compatible server",
      )
      .option("--name <name>", "the server's name for its model")
      .option("--max-frames <n>", "most frames looked at (default: the checkpoint's own, else 16)", positiveWhole)
      .option("--fps <n>", "frames per second of video (default: the model's own)", positive)
      .option("--max-tokens <n>", "most tokens of an answer", positiveWhole, 200)
      .addOption(new Option("--precision <name>", "how a local model's weights are held").choices(PRECISIONS))
      .option("--provider <name...>", "onnxruntime execution providers, in order of preference (default: cpu)")
      .option("--revision <name>", "branch, tag or commit of an id")
      .option(
        "--prompt <text>",
        "text around each question, {query} in its place (default: as in the checkpoint's training)",
      )
      .option("--no-video", "ask without a video")
      .action(async (first: string, rest: string[], flags: Flags) => {
        const questions = flags.video ? rest : [first, ...rest];
        if (questions.length === 0) throw new DefenseError("usage", "expected a question after the video, found none");
        if (flags.provider !== undefined) await checkProviders(flags.provider);
        const pieces = ask({
          ...{ model: flags.model, video: flags.video ? first : null, questions, maxTokens: flags.maxTokens, signal },
          ...(flags.name === undefined ? {} : { remoteName: flags.name }),
          ...(flags.maxFrames === undefined ? {} : { maxFrames: flags.maxFrames }),
          ...(flags.fps === undefined ? {} : { fps: flags.fps }),
          ...(flags.precision === undefined ? {} : { precision: flags.precision }),
          ...(flags.provider === undefined ? {} : { providers: flags.provider }),
          ...(flags.revision === undefined ? {} : { revision: flags.revision }),
          ...(flags.prompt === undefined ? {} : { questionPrompt: flags.prompt }),
          onProgress: (progress) => tell(progress, shown, (text) => terminal.err(text)),
        });
        let current = -1;
        for await (const { question, text, alarms } of pieces) {
          if (question !== current) {
            terminal.out(`${current < 0 ? "" : "\n"}> ${questions[question]}\n`);
            current = question;
          }
          if (alarms) terminal.err(`alarms: video ${alarms.visual.toFixed(2)}, query ${alarms.textual.toFixed(2)}\n`);
          // A model's text moves no cursor.
          terminal.out(visible(text));
        }
        terminal.out("\n");
      });
    return runProgram(program, args);
  },
};

/** Says which file is coming down, ten times per file. */
function tell(
  { file, fileBytes, fileTotal }: DownloadProgress,
  shown: { file: string; tenth: number },
  err: (text: string) => void,
): void {
  const tenth = Math.floor((10 * fileBytes) / Math.max(1, fileTotal));
  if (fileTotal < 1e6 || (shown.file === file && shown.tenth === tenth)) return;
  Object.assign(shown, { file, tenth });
  err(`${file}: ${10 * tenth} %\n`);
}
