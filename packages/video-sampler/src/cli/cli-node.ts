import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { doctor } from "../decode/doctor-node.js";
import { NotFoundError, VideoSamplerError } from "../errors.js";
import { compareFingerprints, type ParityTolerances, readFingerprint } from "../parity/compare-fingerprints.js";
import { type Fingerprint, fingerprint } from "../parity/fingerprint.js";
import { contactSheet } from "../picture/contact-sheet.js";
import { encodeImage, type ImageFormat } from "../picture/encode-image-node.js";
import { timelineSvg } from "../picture/timeline-svg.js";
import { type SamplePlan, samplePlanSchema } from "../plan/sample-plan.js";
import { blindSpots, explainPlan, probe, sampleFrames } from "../sample/sample-frames-node.js";
import type { SampleOptions } from "../sample/sample-options.js";
import type { ImageSize, SampledVideo } from "../video/sampled-video.js";

const { version } = createRequire(import.meta.url)("@videosafety/video-sampler/package.json") as { version: string };

interface Flags {
  plan: string;
  set: string[];
  size?: ImageSize;
  resize: "pillow" | "fast";
  backend: "auto" | "node-av" | "ffmpeg";
  isolate?: boolean;
  squarePixels?: boolean;
  toneMap?: boolean;
  out: string;
  format: ImageFormat;
  columns: number;
  picture?: string;
  patches?: number[];
  width: number;
}

/** Where the command line writes; tests pass their own. */
export interface CliStreams {
  /** Results. */
  readonly out: (text: string) => unknown;
  /** Progress and errors. */
  readonly err: (text: string) => unknown;
}

const standard: CliStreams = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
};

/**
 * Runs the `video-sampler` command line.
 * @param args without the program's name
 * @returns the exit code: 0 ok, 1 failed, 2 wrong usage
 */
export async function main(args: readonly string[], streams: CliStreams = standard): Promise<number> {
  const program = buildProgram(streams);
  try {
    await program.parseAsync(args as string[], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const usage = error instanceof VideoSamplerError && error.code === "INVALID_PLAN";
    streams.err(`video-sampler: ${error instanceof Error ? error.message : String(error)}\n`);
    return usage ? 2 : 1;
  }
}

function buildProgram(streams: CliStreams): Command {
  const json = (value: unknown): void => {
    streams.out(`${JSON.stringify(value, null, 2)}\n`);
  };
  const program = new Command("video-sampler")
    .description("Any video file to exactly the frames a Video LLM wants. Results are JSON on stdout.")
    .version(version, "-V, --version", "print the version")
    .exitOverride()
    .configureOutput({ writeOut: streams.out, writeErr: streams.err });

  program
    .command("info <video>")
    .description("codec, size, rotation, colour, frame count, duration, variable frame rate")
    .addOption(backendOption())
    .action(async (video: string, { backend }: Flags) => json(await probe(video, { backend })));

  withSampling(program.command("plan <video>"))
    .description("which frames a plan takes and what that costs, without decoding")
    .action(async (video: string, flags: Flags) =>
      json(await explainPlan(video, parsePlan(flags), samplingOptions(flags))),
    );

  withSampling(program.command("sample <video>"))
    .description("write the frames as images, and frames.json with the facts")
    .requiredOption("-o, --out <folder>", "where to write")
    .addOption(new Option("--format <format>", "image format").choices(["png", "jpeg"]).default("png"))
    .action(async (video: string, flags: Flags) => {
      const sampled = await sampleWithProgress(video, flags, {}, streams);
      await mkdir(flags.out, { recursive: true });
      const [count, height, width] = sampled.frames.dims;
      const bytes = height * width * 3;
      const files: string[] = [];
      for (let t = 0; t < count; t++) {
        const name = `${String(t).padStart(5, "0")}.${flags.format === "png" ? "png" : "jpg"}`;
        const data = sampled.frames.data.subarray(t * bytes, (t + 1) * bytes);
        await writeFile(join(flags.out, name), encodeImage({ data, height, width }, flags.format));
        files.push(name);
      }
      const { frameInfo, warnings, info, stats } = sampled;
      const report = { frames: frameInfo.map((facts, t) => ({ file: files[t], ...facts })), warnings, info, stats };
      await writeFile(join(flags.out, "frames.json"), `${JSON.stringify(report, null, 2)}\n`);
      json({ folder: flags.out, frames: count, height, width, warnings });
    });

  withSampling(program.command("sheet <video>"))
    .description("write one picture of all frames with their times: a contact sheet")
    .requiredOption("-o, --out <file>", "where to write; .jpg gives JPEG, anything else PNG")
    .option("--columns <number>", "frames in a row", positiveInteger, 6)
    .option("--width <pixels>", "width of a frame", positiveInteger, 240)
    .action(async (video: string, flags: Flags) => {
      const thumbnail = ({ height, width }: ImageSize): ImageSize => ({
        width: flags.width,
        height: Math.max(1, Math.round((height * flags.width) / width)),
      });
      const options = { ...(flags.size === undefined ? { size: thumbnail } : {}), isolate: false };
      const sampled = await sampleWithProgress(video, flags, options, streams);
      const captions = sampled.frameInfo.map(({ timeSeconds, index }) => `${timeSeconds.toFixed(2)}s #${index}`);
      const sheet = contactSheet(sampled, { captions, columns: flags.columns });
      await mkdir(dirname(flags.out), { recursive: true });
      await writeFile(flags.out, encodeImage(sheet, /\.jpe?g$/i.test(flags.out) ? "jpeg" : "png"));
      json({
        file: flags.out,
        frames: sampled.frameInfo.length,
        height: sheet.height,
        width: sheet.width,
        warnings: sampled.warnings,
      });
    });

  withSampling(program.command("blindspots <video>"))
    .description(
      "what a model never sees under a plan: intervals, the longest unseen insert, small patches; nothing is decoded",
    )
    .option("--picture <file>", "write the time line as an SVG picture")
    .option("--patches <sides>", "sides of square patches in pixels, such as 8,32,128", parseSides)
    .action(async (video: string, flags: Flags) => {
      const plan = parsePlan(flags);
      const settings = flags.patches === undefined ? {} : { patchSides: flags.patches };
      const report = await blindSpots(video, plan, { ...samplingOptions(flags), isolate: false }, settings);
      if (flags.picture !== undefined) {
        await mkdir(dirname(flags.picture), { recursive: true });
        const members = flags.set.length === 0 ? "" : ` (${flags.set.join(", ")})`;
        await writeFile(flags.picture, timelineSvg(report, `${basename(video)}, plan ${flags.plan}${members}`));
      }
      json(report);
    });

  withSampling(program.command("fingerprint <video>"))
    .description(
      "write what a model is given of a video (times, hashes of pixels), to be compared with another loader's",
    )
    .requiredOption("-o, --out <file>", "where to write the JSON")
    .action(async (video: string, flags: Flags) => {
      const sampled = await sampleWithProgress(video, flags, {}, streams);
      const taken = await fingerprint(sampled, { loader: `video-sampler ${flags.plan}` });
      await mkdir(dirname(flags.out), { recursive: true });
      await writeFile(flags.out, `${JSON.stringify(taken)}\n`);
      json({ file: flags.out, frames: taken.frames, warnings: sampled.warnings });
    });

  program
    .command("parity <a> <b>")
    .description("compare two fingerprints: exit code 1 and what differs when two loaders see another video")
    .option("--seconds <number>", "tolerance between times", tolerance, 1e-3)
    .option("--grey-levels <number>", "tolerance between mean colours of blocks; 0 asks for equal bytes", tolerance, 0)
    .option("--tensor-values <number>", "tolerance between values of tensors", tolerance, 1e-4)
    .action(async (a: string, b: string, tolerances: Required<ParityTolerances>) => {
      const [one, other] = await Promise.all([a, b].map(readFingerprintFile));
      const differences = compareFingerprints(one as Fingerprint, other as Fingerprint, tolerances);
      json({ equal: differences.length === 0, differences });
      if (differences.length > 0)
        throw new Error(`${a} and ${b} differ in ${differences.map(({ what }) => what).join(", ")}.`);
    });

  program
    .command("doctor")
    .description("which backends work on this machine")
    .action(async () => {
      const reports = await doctor();
      json(reports);
      if (!reports.some(({ usable }) => usable)) throw new Error("No backend is usable; install node-av or ffmpeg.");
    });
  return program;
}

function backendOption(): Option {
  return new Option("--backend <name>", "what decodes").choices(["auto", "node-av", "ffmpeg"]).default("auto");
}

function withSampling(command: Command): Command {
  const types = samplePlanSchema.options.map((plan) => plan.shape.type.value);
  return command
    .addOption(new Option("-p, --plan <type>", "how frames are chosen").choices(types).default("uniform"))
    .option("-s, --set <name=value...>", "members of the plan, such as frameCount=16 or timestampsSeconds=[1,2.5]", [])
    .option("--size <HxW>", "output size in pixels, such as 224x224", parseSize)
    .addOption(new Option("--resize <method>", "exact or quick").choices(["pillow", "fast"]).default("pillow"))
    .option("--square-pixels", "stretch to square pixels")
    .option("--tone-map", "map HDR to SDR")
    .option("--isolate", "decode in a child process")
    .addOption(backendOption());
}

/** `--plan fps --set fps=2 maxFrames=8` as a plan; uniform takes 16 frames unless told otherwise. */
function parsePlan({ plan, set }: Flags): SamplePlan {
  const members = set.map((pair) => {
    const at = pair.indexOf("=");
    if (at < 1) throw new VideoSamplerError("INVALID_PLAN", `--set takes name=value, got "${pair}".`);
    return [pair.slice(0, at), parseValue(pair.slice(at + 1))] as const;
  });
  const defaults = plan === "uniform" ? { frameCount: 16 } : plan === "fps" ? { fps: 1 } : {};
  return { type: plan, ...defaults, ...Object.fromEntries(members) } as SamplePlan;
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function parseSize(text: string): ImageSize {
  const [, height, width] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (height === undefined || width === undefined)
    throw new InvalidArgumentError("expected HEIGHTxWIDTH, such as 224x224.");
  return { height: Number(height), width: Number(width) };
}

function tolerance(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError("expected a number that is not negative.");
  return value;
}

async function readFingerprintFile(path: string): Promise<Fingerprint> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new NotFoundError(`No file at ${JSON.stringify(path)} that may be read.`, { cause });
  });
  return readFingerprint(parseValue(text), path);
}

function parseSides(text: string): number[] {
  return text.split(",").map(positiveInteger);
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("expected a positive integer.");
  return value;
}

function samplingOptions(flags: Flags): SampleOptions {
  const { size, resize, backend, isolate = false, squarePixels = false, toneMap = false } = flags;
  return { resize, backend, isolate, squarePixels, toneMap, ...(size === undefined ? {} : { size }) };
}

async function sampleWithProgress(
  video: string,
  flags: Flags,
  extra: SampleOptions,
  { err }: CliStreams,
): Promise<SampledVideo> {
  const show = process.stderr.isTTY === true;
  const sampled = await sampleFrames(video, parsePlan(flags), {
    ...samplingOptions(flags),
    ...extra,
    ...(show ? { onProgress: ({ framesDone, framesTotal }) => err(`\r${framesDone} / ${framesTotal} frames`) } : {}),
  });
  if (show) err("\n");
  for (const { message } of sampled.warnings) err(`warning: ${message}\n`);
  return sampled;
}
