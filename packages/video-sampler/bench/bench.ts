/**
 * CPU time against one ffmpeg pipe (= 1.00) and PyAV, all in one run: `pnpm --filter @videosafety/video-sampler bench`.
 * Needs an ffmpeg program; PYTHON names an interpreter with PyAV (optional). Prints a Markdown table.
 */
import { execFileSync } from "node:child_process";
import { locateFfmpeg } from "../src/ffmpeg-program-node.js";
import { type SamplePlan, sampleFrames } from "../src/index.js";
import { type BenchVideo, benchVideo } from "./videos.js";

const REPEATS = 3;
const ffmpeg = await locateFfmpeg();
const python = process.env.PYTHON;

/** CPU seconds (user + system) of a child command, from the shell's own account of its children. */
function childCpu(command: string, args: readonly string[]): number {
  const script = '"$@" >/dev/null 2>&1; times';
  const lines = execFileSync("bash", ["-c", script, "bash", command, ...args], { encoding: "utf8" })
    .trim()
    .split("\n");
  return [...(lines.at(-1) ?? "").matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, m, s]) => sum + Number(m) * 60 + Number(s),
    0,
  );
}

async function ownCpu(path: string, plan: SamplePlan): Promise<{ seconds: number; decoded: number; frames: number }> {
  const before = process.cpuUsage();
  const { stats, frames } = await sampleFrames(path, plan, {
    size: { height: 224, width: 224 },
    resize: "fast",
    backend: "node-av",
  });
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, decoded: stats.framesDecoded, frames: frames.dims[0] };
}

const least = (values: readonly number[]) => Math.min(...values);
const rows: [BenchVideo, "fps" | "uniform", number, number, string][] = [
  ["60s-720p-gop250", "fps", 1, 1000, "1 fps"],
  ["60s-720p-gop250", "uniform", 16, 16, "16 uniform"],
  ["60s-720p-gop30", "fps", 1, 1000, "1 fps"],
  ["60s-720p-gop30", "uniform", 16, 16, "16 uniform"],
  ["10min-360p-gop250", "fps", 1, 180, "1 fps, at most 180"],
  ["10min-360p-gop250", "uniform", 16, 16, "16 uniform"],
];

process.stdout.write(
  "| video | plan | ffmpeg pipe, CPU s | ours / pipe | PyAV / pipe | ours / PyAV | frames decoded |\n|---|---|---|---|---|---|---|\n",
);
for (const [video, kind, number, maxFrames, label] of rows) {
  const path = benchVideo(video, ffmpeg);
  const plan: SamplePlan =
    kind === "fps"
      ? { type: "videollama3-reference", fps: number, maxFrames }
      : { type: "uniform", frameCount: number };
  const rate = kind === "fps" ? `fps=${number}:round=down,` : "";
  const pipeArgs = [
    "-v",
    "error",
    "-i",
    path,
    "-vf",
    `${rate}format=rgb24,scale=224:224:flags=bicubic`,
    "-f",
    "rawvideo",
    "-pix_fmt",
    "rgb24",
    "-",
  ];
  await ownCpu(path, plan); // loads the library
  const pipe: number[] = [];
  const own: { seconds: number; decoded: number; frames: number }[] = [];
  for (let i = 0; i < REPEATS; i++) {
    // Uniform frames by a pipe: select them by number in one run.
    const uniform =
      kind === "uniform"
        ? uniformArgs(
            path,
            (await sampleFrames(path, plan)).frameInfo.map(({ index }) => index),
          )
        : pipeArgs;
    pipe.push(childCpu(ffmpeg, uniform));
    own.push(await ownCpu(path, plan));
  }
  const base = least(pipe);
  const ours = least(own.map(({ seconds }) => seconds));
  let pyav = Number.NaN;
  if (python !== undefined) {
    const script = new URL("./pyav_sample.py", import.meta.url).pathname;
    pyav = Number(
      execFileSync(python, [script, path, kind, String(number), String(maxFrames)], { encoding: "utf8" }).split(" ")[0],
    );
  }
  const cells = [
    video,
    label,
    base.toFixed(2),
    (ours / base).toFixed(2),
    (pyav / base).toFixed(2),
    (ours / pyav).toFixed(2),
    `${own[0]?.decoded}`,
  ];
  process.stdout.write(`| ${cells.join(" | ")} |\n`);
}

function uniformArgs(path: string, indices: readonly number[]): string[] {
  const select = indices.map((index) => `eq(n\\,${index})`).join("+");
  return [
    "-v",
    "error",
    "-i",
    path,
    "-vf",
    `select='${select}',format=rgb24,scale=224:224:flags=bicubic`,
    "-vsync",
    "passthrough",
    "-f",
    "rawvideo",
    "-pix_fmt",
    "rgb24",
    "-",
  ];
}
