import { Option, type Command as Program } from "commander";
import * as z from "zod";
import type { Terminal } from "../../command/command.js";
import { collect } from "../../command/option-readers.js";
import { DefenseError } from "../../errors.js";
import { defined } from "../../run-file/frames-of.js";
import { startEngineProcess } from "../engine/engine-process-node.js";
import { describePromise } from "../file/guard-file.js";
import { readGuardFile } from "../file/guard-file-node.js";
import { type GuardProxy, type ProxyLogger, startGuardProxy } from "../proxy/guard-proxy-node.js";
import { proxyOptionsSchema } from "../proxy/proxy-options.js";
import { numberOption } from "./option-readers.js";

const LEVELS = ["info", "warn", "error", "silent"] as const;

/** `videosafety guard serve`. */
export function addServe(program: Program, terminal: Terminal, signal: AbortSignal): void {
  const { shape } = proxyOptionsSchema;
  const about = (name: keyof typeof shape): string => (shape[name] as z.ZodType).description ?? "";
  const whole = (flag: string, high = 2 ** 40) => numberOption(flag, 0, high, true);
  program
    .command("serve")
    .description("serve a guarded OpenAI-compatible endpoint in front of another one; logs go to stderr")
    .requiredOption("--checkpoint <directory>", "model directory, hub id, or folder of an adapter")
    .option("--adapter <directory>", "adapter on it")
    .requiredOption("--calibration <file>", "the guard, from guard calibrate")
    .option("--first-tier <file>", "ONNX classifier of the guard's first tier")
    .requiredOption("--upstream <url>", about("upstream"))
    .addOption(
      new Option("--on-failure <choice>", about("onFailure")).choices(["closed", "open"]).makeOptionMandatory(),
    )
    .option("--host <address>", about("host"))
    .option("--port <number>", about("port"), whole("--port", 65535))
    .addOption(
      new Option("--token <text>", `${about("token")}; better in the environment`).env("VIDEOSAFETY_GUARD_TOKEN"),
    )
    .addOption(
      new Option("--upstream-key <text>", `${about("upstreamKey")}; better in the environment`).env(
        "VIDEOSAFETY_UPSTREAM_KEY",
      ),
    )
    .addOption(new Option("--mode <name>", about("mode")).choices(["refuse", "warn", "route"]))
    .option("--route-model <name>", about("routeModel"))
    .option("--route-upstream <url>", about("routeUpstream"))
    .option("--refusal-text <text>", about("refusalText"))
    .addOption(new Option("--turns <which>", about("turns")).choices(["every", "last"]))
    .addOption(new Option("--text-only <choice>", about("textOnly")).choices(["pass", "assess"]))
    .addOption(new Option("--other-routes <choice>", about("otherRoutes")).choices(["refuse", "pass"]))
    .option("--allow-host <name>", about("allowedHosts"), collect)
    .option("--allow-media-host <name>", "host that videos' addresses may name; may be given more than once", collect)
    .option("--allow-private-media", "an allowed media host may have a private address")
    .option("--allow-media-folder <folder>", "folder that file: addresses may name files of")
    .option("--no-isolate", "decode in this process: faster, for trusted files only")
    .option("--max-waiting <count>", about("maxWaiting"), whole("--max-waiting"))
    .option("--max-body <bytes>", about("maxBodyBytes"), whole("--max-body"))
    .option("--max-in-flight <count>", about("maxInFlight"), whole("--max-in-flight"))
    .option("--assess-timeout <milliseconds>", about("assessTimeoutMilliseconds"), whole("--assess-timeout"))
    .option("--upstream-timeout <milliseconds>", about("upstreamTimeoutMilliseconds"), whole("--upstream-timeout"))
    .option("--state-file <file>", about("stateFile"))
    .option("--state-interval <milliseconds>", about("stateIntervalMilliseconds"), whole("--state-interval"))
    .option(
      "--drift-false-alarm-rate <rate>",
      about("driftFalseAlarmRate"),
      numberOption("--drift-false-alarm-rate", 1e-9, 0.5),
    )
    .addOption(new Option("--log-level <level>", "least level that is logged").choices([...LEVELS]).default("info"))
    .action(async (flags) => {
      const logger = createLogger(terminal, flags.logLevel);
      const file = await readGuardFile(flags.calibration);
      const given = defined({
        ...{ upstream: flags.upstream, onFailure: flags.onFailure, host: flags.host, port: flags.port },
        ...{ token: flags.token, upstreamKey: flags.upstreamKey, mode: flags.mode, turns: flags.turns },
        ...{ routeModel: flags.routeModel, routeUpstream: flags.routeUpstream, refusalText: flags.refusalText },
        ...{ textOnly: flags.textOnly, otherRoutes: flags.otherRoutes, allowedHosts: flags.allowHost },
        ...{ maxWaiting: flags.maxWaiting, maxBodyBytes: flags.maxBody, maxInFlight: flags.maxInFlight },
        ...{ assessTimeoutMilliseconds: flags.assessTimeout, upstreamTimeoutMilliseconds: flags.upstreamTimeout },
        ...{
          stateFile: flags.stateFile,
          stateIntervalMilliseconds: flags.stateInterval,
          driftFalseAlarmRate: flags.driftFalseAlarmRate,
        },
      });
      const options = proxyOptionsSchema.safeParse({
        ...given,
        media: {
          isolate: flags.isolate,
          allowPrivateAddresses: flags.allowPrivateMedia === true,
          ...(flags.allowMediaHost && { allowedHosts: flags.allowMediaHost }),
          ...(flags.allowMediaFolder && { allowedFolder: flags.allowMediaFolder }),
        },
      });
      if (!options.success) throw new DefenseError("usage", z.prettifyError(options.error));
      if (options.data.textOnly === "assess" && file.provenance.data.textOnly === 0)
        throw new DefenseError(
          "usage",
          "--text-only assess: expected a guard that was calibrated with items without a video, found none; calibrate with some, or leave it at pass",
        );
      const engine = await startEngineProcess({
        checkpoint: flags.checkpoint,
        ...(flags.adapter && { adapter: flags.adapter }),
        ...(flags.firstTier && { firstTier: flags.firstTier }),
        guardFile: flags.calibration,
        mode: options.data.mode,
        onRestart: (reason) => logger.error({ reason }, "the guard's process is started again"),
      });
      let proxy: GuardProxy;
      try {
        proxy = await startGuardProxy(options.data, { engine, file, logger });
      } catch (error) {
        await engine.close();
        throw error;
      }
      terminal.out(
        `${JSON.stringify({ baseUrl: proxy.baseUrl, page: proxy.pageUrl, pid: process.pid, enginePid: engine.pid, promise: describePromise(file) })}\n`,
      );
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
      });
      logger.info({}, "closing: requests under way end first");
      await proxy.close();
    });
}

/** JSON Lines on the standard error. */
function createLogger(terminal: Terminal, least: (typeof LEVELS)[number]): ProxyLogger {
  const log =
    (level: (typeof LEVELS)[number]) =>
    (fields: object, message: string): void => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
      terminal.err(`${JSON.stringify({ ...fields, time: new Date().toISOString(), level, message })}\n`);
    };
  return { info: log("info"), warn: log("warn"), error: log("error") };
}
