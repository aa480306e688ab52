import { spawn } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { NoBackendError } from "../../errors.js";

let located: Promise<string> | undefined;

/**
 * Finds an ffmpeg program: the `FFMPEG_BIN` variable, then ffmpeg-static where its download succeeded, then the PATH.
 * @throws NoBackendError when there is none
 */
export function locateFfmpeg(): Promise<string> {
  const named = process.env.FFMPEG_BIN;
  if (named !== undefined && named !== "") {
    if (isExecutable(named)) return Promise.resolve(named);
    return Promise.reject(new NoBackendError(`FFMPEG_BIN names "${named}", which is no executable file.`));
  }
  located ??= searchFfmpeg().catch((error: unknown) => {
    located = undefined;
    throw error;
  });
  return located;
}

async function searchFfmpeg(): Promise<string> {
  const fromPackage = await ffmpegStaticPath();
  if (fromPackage !== null) return fromPackage;
  const name = process.platform === "win32" ? "ffmpeg.exe" : "ffmpeg";
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const candidate = join(folder, name);
    if (folder !== "" && isExecutable(candidate)) return candidate;
  }
  throw new NoBackendError(
    "No ffmpeg program found: FFMPEG_BIN is not set, ffmpeg-static has no binary, and PATH has no ffmpeg. Install ffmpeg and set FFMPEG_BIN, or use node-av.",
  );
}

/** ffmpeg-static exports a path that need not exist: its install script may have been blocked. */
async function ffmpegStaticPath(): Promise<string | null> {
  try {
    const { default: path } = (await import("ffmpeg-static")) as unknown as { default: string | null };
    return path !== null && existsSync(path) ? path : null;
  } catch {
    return null;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What one ffmpeg program understands; builds of a repository call their version anything, so its own help is asked. */
export interface FfmpegDialect {
  /** Keeps every frame with its own time; the option has another name since ffmpeg 5.1. */
  readonly passthrough: readonly string[];
  /** Leaves frames of another size as they are when a stream changes it midway; empty before ffmpeg 4.4, which cannot. */
  readonly keepSizes: readonly string[];
  /** Names a file that holds a filter graph: `-filter_script:v`, from ffmpeg 8 on `-/filter:v`. */
  readonly filterFile: string;
}

const dialects = new Map<string, Promise<FfmpegDialect>>();

/** What a program understands; asked once per program. */
export function ffmpegDialect(program: string): Promise<FfmpegDialect> {
  const known = dialects.get(program);
  if (known !== undefined) return known;
  const asked = outputOf(program, ["-h", "long"]).then((help) => ({
    passthrough: [/^-fps_mode\b/m.test(help) ? "-fps_mode" : "-vsync", "passthrough"],
    keepSizes: /^-autoscale\b/m.test(help) ? ["-autoscale", "0"] : [],
    filterFile: /^-filter_script\b/m.test(help) ? "-filter_script:v" : "-/filter:v",
  }));
  dialects.set(program, asked);
  return asked;
}

/** What a program calls its version, such as `5.1.9-0+deb12u1`; `unknown` when it says nothing. */
export async function readVersion(program: string): Promise<string> {
  return /ffmpeg version (\S+)/.exec(await outputOf(program, ["-version"]))?.[1] ?? "unknown";
}

/** What a program prints to its standard output for the given arguments. */
export async function outputOf(program: string, args: readonly string[]): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of runFfmpeg(program, args).output) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** A running ffmpeg. */
export interface FfmpegRun {
  /** Its standard output in chunks, with back-pressure. */
  readonly output: AsyncGenerator<Buffer>;
  /** Whole lines of its standard error so far; a reader of much may empty it. */
  readonly messages: string[];
  /** Resolves when a further line has arrived or the process has ended. */
  nextMessage(): Promise<void>;
  /** Whether standard error has been read to its end. */
  readonly messagesEnded: boolean;
  /** Ends the process; does nothing if it has ended. Who leaves `output` before its end must call this. */
  stop(): void;
}

/** Variables a program may need to start; everything else could change what it prints or writes (FFREPORT, AV_LOG_FORCE_COLOR). */
const KEPT_VARIABLES =
  /^(PATH|HOME|TMPDIR|TEMP|TMP|SYSTEMROOT|WINDIR|USERPROFILE|PATHEXT|LD_LIBRARY_PATH|DYLD_(FALLBACK_)?LIBRARY_PATH)$/i;

/** The environment ffmpeg runs in: what it needs to start, and a log without colours in English. */
export function plainEnvironment(from: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const kept = Object.entries(from).filter(([name]) => KEPT_VARIABLES.test(name));
  return { ...Object.fromEntries(kept), AV_LOG_FORCE_NOCOLOR: "1", LC_ALL: "C" };
}

/** Starts ffmpeg with the given arguments; its standard input is closed. */
export function runFfmpeg(program: string, args: readonly string[], signal?: AbortSignal): FfmpegRun {
  signal?.throwIfAborted();
  const child = spawn(program, ["-hide_banner", "-nostdin", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: plainEnvironment(),
  });
  const messages: string[] = [];
  let rest = "";
  let ended = false;
  let wake: (() => void) | undefined;
  const notify = () => {
    wake?.();
    wake = undefined;
  };
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    const lines = (rest + text).split(/[\r\n]+/);
    rest = lines.pop() ?? "";
    messages.push(...lines);
    notify();
  });
  child.stderr.on("close", () => {
    if (rest !== "") messages.push(rest);
    ended = true;
    notify();
  });
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  failed.catch(() => undefined);
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = () => {
    signal?.removeEventListener("abort", stop);
    child.kill("SIGKILL");
  };
  signal?.addEventListener("abort", stop, { once: true });

  async function* output(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of child.stdout) yield chunk as Buffer;
      await Promise.race([exited, failed]);
      signal?.throwIfAborted();
    } finally {
      stop();
    }
  }
  return {
    output: output(),
    messages,
    stop,
    nextMessage: () => (ended ? Promise.resolve() : new Promise((resolve) => (wake = resolve))),
    get messagesEnded() {
      return ended;
    },
  };
}
