import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { errorFromCode, InvalidPlanError, IsolateFailedError, LimitExceededError } from "../../errors.js";
import type { SamplePlan } from "../../plan/sample-plan.js";
import { shownSource } from "../../source/local-file-node.js";
import type { SampledVideo } from "../../video/sampled-video.js";
import type { SampleOptions } from "../sample-options.js";
import { endedForMemory } from "./memory-guard-node.js";
import type { SamplerReply, SamplerRequest } from "./sampler-protocol.js";

/** A child process that samples one video at a time. It starts with its first job and again after a crash. */
export class SamplerProcess {
  #child: ChildProcess | undefined;
  #folder = "";

  /**
   * Samples in the child.
   * @param path a local path, or an http or https address
   * @throws IsolateFailedError when the child dies, InvalidPlanError for a size function, else as `sampleFrames`
   */
  sample(path: string, plan: SamplePlan, options: SampleOptions): Promise<SampledVideo> {
    if (typeof options.size === "function")
      return Promise.reject(
        new InvalidPlanError(
          "options.size is a function, which cannot cross to a child process; name a model or give numbers.",
        ),
      );
    const { signal, onProgress, isolate: _isolate, timeoutMs: _timeoutMs, ...plain } = options;
    const remote = /^https?:/i.test(path);
    const request: SamplerRequest = { path: remote ? path : resolve(path), plan, options: plain };
    if (this.#child === undefined) {
      this.#folder = mkdtempSync(join(tmpdir(), "video-sampler-child-"));
      this.#child = startChild(this.#folder);
    }
    const [child, folder] = [this.#child, this.#folder];
    return new Promise<SampledVideo>((done, fail) => {
      const finish = (settle: () => void) => {
        child.off("message", onMessage).off("exit", onExit).off("error", onError);
        signal?.removeEventListener("abort", onAbort);
        settle();
      };
      const onMessage = (reply: SamplerReply) => {
        if (reply.type === "progress") onProgress?.(reply);
        else if (reply.type === "sampled") finish(() => done(reply.video));
        else
          finish(() =>
            fail(
              reply.code === null ? new IsolateFailedError(reply.message) : errorFromCode(reply.code, reply.message),
            ),
          );
      };
      const died = (cause: string) => {
        this.#child = undefined;
        const shown = shownSource(path);
        const error = endedForMemory(folder)
          ? new LimitExceededError(
              `Decoding ${shown} took more memory than limits.maxMemoryBytes allows (${options.limits?.maxMemoryBytes ?? 2 ** 31}); its process was ended and this one is unharmed.`,
            )
          : new IsolateFailedError(`The process that decoded ${shown} ${cause}. This one is unharmed; skip the file.`);
        finish(() => fail(error));
      };
      const onExit = (code: number | null, killedBy: string | null) =>
        died(killedBy === null ? `ended with code ${code}` : `was ended by ${killedBy}`);
      const onError = (error: Error) => died(`could not run (${error.message})`);
      const onAbort = () => {
        this.kill();
        finish(() => fail(signal?.reason));
      };
      child.on("message", onMessage).on("exit", onExit).on("error", onError);
      if (signal?.aborted === true) return onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      child.send(request);
    });
  }

  /** Process id of the child, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Ends the child at once. The next job starts another. */
  kill(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }
}

/** Runs the compiled entry next to this file, or its source under a TypeScript loader when this file is source. */
function startChild(folder: string): ChildProcess {
  const fromSource = import.meta.url.endsWith(".ts");
  const entry = fileURLToPath(new URL(`./sampler-child-node.${fromSource ? "ts" : "js"}`, import.meta.url));
  // What the child downloads lies where it can be removed after it, however it ends.
  const child = fork(entry, {
    env: { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder },
    serialization: "advanced",
    execArgv: fromSource ? ["--import", "tsx"] : [],
    // libav must not write into the host's streams.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  // Listeners of "exit" may still look at what lies there.
  child.once("close", () => setImmediate(() => rmSync(folder, { recursive: true, force: true })));
  return child;
}
