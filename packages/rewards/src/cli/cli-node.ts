import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import { DEFAULT_REWARDS } from "../compose/batch-scorer.js";
import { importPeer } from "../server/import-peer-node.js";
import { startRewardServer } from "../server/server-node.js";
import { serverOptionsSchema } from "../server/server-options.js";
import { formatPath } from "../server/wire/wire.js";
import { scoreStream } from "./score-stream-node.js";

const { version } = createRequire(import.meta.url)("@videosafety/rewards/package.json") as { version: string };

/** A reader that goes away (`| head -1`) ends the program quietly, as other filters do. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const describe = (name: keyof typeof serverOptionsSchema.shape): string =>
  serverOptionsSchema.shape[name].description ?? "";

main().catch((error: unknown) => {
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string" && code.startsWith("commander.")) {
    process.exitCode = (error as { exitCode: number }).exitCode === 0 ? 0 : 2;
    return;
  }
  const usage = error instanceof z.ZodError;
  const message = usage
    ? error.issues.map(({ path, message }) => `${formatPath(path)}: ${message}`).join("\n")
    : error instanceof Error
      ? error.message
      : String(error);
  process.stderr.write(`safety-rewards: ${message}\n`);
  process.exitCode = usage ? 2 : 1;
});

async function main(): Promise<void> {
  const { Command, InvalidArgumentError, Option } = await importPeer("commander", () => import("commander"));
  const defaults = serverOptionsSchema.parse({});
  function integer(text: string): number {
    if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`expected a whole number, found ${text}`);
    return Number(text);
  }

  const program = new Command("safety-rewards")
    .description("Exact rule rewards for GRPO trainers.")
    .version(version)
    .exitOverride();

  program
    .command("serve")
    .description("answer TRL, verl, OpenRLHF, ms-swift and EasyR1 over HTTP; logs go to stderr")
    .option("--host <address>", describe("host"), defaults.host)
    .option("--port <number>", describe("port"), integer, defaults.port)
    .addOption(
      new Option("--token <text>", `${describe("token")}; better in the environment`).env("SAFETY_REWARDS_TOKEN"),
    )
    .option("--workers <number>", describe("workers"), integer, defaults.workers)
    .option(
      "--item-deadline <milliseconds>",
      describe("itemDeadlineMilliseconds"),
      integer,
      defaults.itemDeadlineMilliseconds,
    )
    .option("--max-body <bytes>", describe("maxBodyBytes"), integer, defaults.maxBodyBytes)
    .option("--max-items <number>", describe("maxItems"), integer, defaults.maxItems)
    .option("--max-queued-items <number>", describe("maxQueuedItems"), integer, defaults.maxQueuedItems)
    .option(
      "--max-reference <characters>",
      "longest answer of a reference; beyond it its rows are unscorable",
      integer,
      defaults.accuracy.maxReferenceCharacters,
    )
    .option(
      "--overlong <tokens,buffer>",
      "limits of the reward overlong: 768,128 punishes from 640 tokens on",
      (text) => {
        const [maxTokens, bufferTokens] = text.split(",").map(integer);
        return { maxTokens, bufferTokens };
      },
    )
    .option(
      "--completion-prefix <text>",
      "what the prompts already hold of every completion, such as <think>",
      defaults.completionPrefix,
    )
    .option("--reward-module <file>", "a module that exports `rewards`, an object of reward functions by name")
    .addOption(
      new Option("--tokenizer <name>", "tokens of ROUGE")
        .choices(["rouge", "unicode"])
        .default(defaults.accuracy.tokenizer),
    )
    .addOption(
      new Option("--log-level <level>", "least level that is logged")
        .choices(["debug", "info", "warn", "error", "silent"])
        .default("info"),
    )
    .action(async (flags) => {
      const { pino } = await importPeer("pino", () => import("pino"));
      const logger = pino({ level: flags.logLevel, name: "safety-rewards" }, pino.destination({ dest: 2, sync: true }));
      const server = await startRewardServer(
        {
          host: flags.host,
          port: flags.port,
          ...(flags.token && { token: flags.token }),
          workers: flags.workers,
          itemDeadlineMilliseconds: flags.itemDeadline,
          maxBodyBytes: flags.maxBody,
          maxItems: flags.maxItems,
          maxQueuedItems: flags.maxQueuedItems,
          overlong: flags.overlong ?? null,
          completionPrefix: flags.completionPrefix,
          rewardModule: flags.rewardModule ? pathToFileURL(resolve(flags.rewardModule)).href : null,
          accuracy: { tokenizer: flags.tokenizer, maxReferenceCharacters: flags.maxReference },
        },
        { logger, version },
      );
      process.stdout.write(`${JSON.stringify({ url: server.url, pid: process.pid })}\n`);
      const signal = await new Promise<string>((resolve) => {
        for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => resolve(name));
      });
      logger.info({ signal }, "closing");
      await server.close();
    });

  program
    .command("score")
    .description("judge JSON Lines of {completion, solution, problem_type}; results go to stdout, one line per row")
    .argument("[file]", "input; default: standard input")
    .option("--rewards <names>", "rewards, separated by commas", DEFAULT_REWARDS.join(","))
    .addOption(new Option("--compat <numbers>", "which numbers").choices(["strict", "vsr1"]).default("strict"))
    .addOption(
      new Option("--tokenizer <name>", "tokens of ROUGE")
        .choices(["rouge", "unicode"])
        .default(defaults.accuracy.tokenizer),
    )
    .option("--completion-prefix <text>", "what the prompts already hold of every completion, such as <think>", "")
    .option("--details", "write every term behind a reward", false)
    .option("--skip", "pass over bad lines, and say how many on stderr", false)
    .action(async (file: string | undefined, flags) => {
      const { rows, skipped, means } = await scoreStream(file ?? null, {
        rewards: flags.rewards.split(","),
        compat: flags.compat,
        tokenizer: flags.tokenizer,
        completionPrefix: flags.completionPrefix,
        details: flags.details,
        skip: flags.skip,
        write: (line) => process.stdout.write(line),
      });
      process.stderr.write(`${JSON.stringify({ rows, skipped, means })}\n`);
    });

  await program.parseAsync();
}
