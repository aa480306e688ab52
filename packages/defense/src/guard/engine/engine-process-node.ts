import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { DefenseError } from "../../errors.js";
import type { EngineReply, EngineRequest, EngineSettings } from "./engine-protocol.js";
import type { EngineAssessment, GuardEngine } from "./guard-engine.js";

/** What {@link startEngineProcess} takes. */
export interface EngineProcessOptions extends EngineSettings {
  /** Hears of every process that ended and is replaced. */
  readonly onRestart?: (reason: string) => void;
  /** First pause before a process that ended is replaced, doubled each time up to 30 s; default 500. */
  readonly restartMilliseconds?: number;
}

interface Waiting {
  readonly resolve: (assessment: EngineAssessment) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A guard's model in a process of its own: forward passes do not hold up the proxy's connections, and a model that dies (memory, a fault in
 * native code, `kill -9`) is started again while the proxy goes on.
 *
 * @throws DefenseError `model-unusable` when it cannot load the model or the guard file
 */
export async function startEngineProcess(
  options: EngineProcessOptions,
): Promise<GuardEngine & { readonly pid: number | undefined }> {
  const { onRestart, restartMilliseconds = 500, ...settings } = options;
  const waiting = new Map<number, Waiting>();
  let child: ChildProcess | null = null;
  let ready = false;
  let closed = false;
  let requests = 0;
  let failures = 0;
  let restarts = 0;

  const start = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const started = forkEngine(settings);
      child = started;
      let settled = false;
      started.on("message", (reply: EngineReply) => {
        if (reply.type === "ready") {
          ready = true;
          failures = 0;
          settled = true;
          resolve();
        } else if (reply.type === "unusable") {
          settled = true;
          reject(new DefenseError("model-unusable", reply.message));
        } else {
          const task = waiting.get(reply.id);
          waiting.delete(reply.id);
          if (reply.type === "assessed") task?.resolve(reply.assessment);
          else task?.reject(new DefenseError(reply.code, reply.message));
        }
      });
      started.on("error", (error) => (settled ? undefined : reject(error)));
      started.once("exit", (code, signal) => {
        if (child !== started) return;
        child = null;
        ready = false;
        const reason = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
        for (const { reject: fail } of waiting.values())
          fail(new DefenseError("guard-failed", `the guard's process ${reason}; it is started again`));
        waiting.clear();
        if (!settled)
          reject(new DefenseError("model-unusable", `the guard's process ${reason} while it loaded the model`));
        else if (!closed) again(reason);
      });
    });
  const again = (reason: string): void => {
    restarts++;
    onRestart?.(reason);
    const pause = Math.min(30_000, restartMilliseconds * 2 ** failures++);
    setTimeout(() => {
      if (!closed) start().catch((error: Error) => child === null && again(error.message));
    }, pause).unref();
  };

  await start().catch((error: unknown) => {
    closed = true;
    child?.kill("SIGKILL");
    throw error;
  });
  return {
    get pid() {
      return child?.pid;
    },
    get ready() {
      return ready && !closed;
    },
    get restarts() {
      return restarts;
    },
    assess(input, { signal } = {}) {
      signal?.throwIfAborted();
      const running = child;
      if (!ready || running === null)
        return Promise.reject(new DefenseError("guard-failed", "the guard's process is being started; try again soon"));
      const id = requests++;
      return new Promise<EngineAssessment>((resolve, reject) => {
        const drop = (): void => {
          waiting.delete(id);
          running.send({ type: "drop", id } satisfies EngineRequest, () => {});
          reject(signal?.reason);
        };
        signal?.addEventListener("abort", drop, { once: true });
        const settle =
          <T>(end: (value: T) => void) =>
          (value: T): void => {
            signal?.removeEventListener("abort", drop);
            end(value);
          };
        waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
        running.send({ type: "assess", id, input } satisfies EngineRequest, (error) => {
          if (error)
            waiting
              .get(id)
              ?.reject(new DefenseError("guard-failed", "the guard's process cannot be reached", { cause: error }));
        });
      });
    },
    async close() {
      closed = true;
      const running = child;
      if (running === null) return;
      await new Promise<void>((resolve) => {
        running.once("exit", () => resolve());
        running.kill("SIGKILL");
      });
    },
  };
}

/** Runs the compiled entry next to this file, or its source under a TypeScript loader when this file is source. */
function forkEngine(settings: EngineSettings): ChildProcess {
  const fromSource = import.meta.url.endsWith(".ts");
  const entry = fileURLToPath(new URL(`./engine-child-node.${fromSource ? "ts" : "js"}`, import.meta.url));
  const tsconfig = fileURLToPath(new URL("../../../../../tsconfig.json", import.meta.url));
  return fork(entry, [JSON.stringify(settings)], {
    serialization: "advanced",
    execArgv: fromSource ? ["--import", "tsx"] : [],
    env: { ...process.env, ...(fromSource && { TSX_TSCONFIG_PATH: tsconfig }) },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}
