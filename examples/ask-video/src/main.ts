#!/usr/bin/env node
import { Command } from "commander";
import { ask } from "./ask.js";

interface Flags {
  readonly model: string;
  readonly name?: string;
  readonly maxFrames: string;
  readonly maxTokens: string;
}

const command = new Command("ask-video")
  .description("Asks a Video LLM questions about a video. Answers go to stdout, alarm readings to stderr.")
  .argument("<video>", "video file")
  .argument("<question...>", "one or more questions")
  .requiredOption("--model <directory|url>", "checkpoint directory, or base URL of an OpenAI-compatible server")
  .option("--name <name>", "the server's name for its model")
  .option("--max-frames <n>", "most frames looked at", "16")
  .option("--max-tokens <n>", "most tokens of an answer", "200")
  .action(async (video: string, questions: string[], flags: Flags) => {
    const controller = new AbortController();
    process.once("SIGINT", () => controller.abort(new Error("interrupted")));
    const pieces = ask({
      model: flags.model,
      ...(flags.name === undefined ? {} : { remoteName: flags.name }),
      video,
      questions,
      maxFrames: Number(flags.maxFrames),
      maxTokens: Number(flags.maxTokens),
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
