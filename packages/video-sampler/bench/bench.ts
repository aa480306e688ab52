/**
 * CPU time against one ffmpeg pipe (= 1.00), PyAV, decord2 and torchcodec, all in one run: `pnpm --filter @videosafety/video-sampler bench`.
 * The pipe gives the very same bytes (checked). `decoded / all` is what an exact sampler cannot get below on that file: the
 * frames asked for and the reference pictures between each and its keyframe. Needs an ffmpeg program; PYTHON names an interpreter with the peers (optional; one that does not load is a dash).
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { locateFfmpeg } from "../src/decode/ffmpeg/ffmpeg-program-node.js";
import { selection } from "../src/decode/ffmpeg/select-expression.js";
import { explainPlan, type SamplePlan, sampleFrames } from "../src/index.js";
import { type BenchVideo, benchVideo } from "./videos.js";

const REPEATS = 3;
const size = { height: 224, width: 224 };
const ffmpeg = await locateFfmpeg();
const python = process.env.PYTHON;

/** CPU seconds (user + system) of a child command, from the shell's own account of its children. */
function childCpu(command: string, args: readonly string[]): number {
  const script = '"$@" >/dev/null 2>&1; times';
  const lines = execFileSync("bash", ["-c", script, "bash", command, ...args], { encoding: "utf8" })
    .trim()
    .split("\n");
  const times = [...(lines.at(-1) ?? "").matchAll(/(\d+)m([\d.]+)s/g)];
  return times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

/** CPU seconds of this process while `work` runs. */
async function ownCpu(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** One ffmpeg run that pipes the same frames, converted the same way. */
function pipeArguments(path: string, indices: readonly number[]): string[] {
  const filters = `select='${selection("n", indices)}',format=rgb24,scale=224:224:flags=bicubic`;
  return [
    "-v",
    "error",
    "-i",
    path,
    "-vf",
    filters,
    "-vsync",
    "passthrough",
    "-f",
    "rawvideo",
    "-pix_fmt",
    "rgb24",
    "-",
  ];
}

const md5 = (data: Uint8Array) => createHash("md5").update(data).digest("hex");
const rows: [BenchVideo, SamplePlan, string][] = [
  ["60s-720p-gop250", { type: "fps", fps: 1 }, "fps 1"],
  ["60s-720p-gop250", { type: "videollama3-reference" }, "videollama3-reference"],
  ["60s-720p-gop250", { type: "uniform", frameCount: 16 }, "uniform 16"],
  ["60s-720p-gop30", { type: "fps", fps: 1 }, "fps 1"],
  ["60s-720p-gop30", { type: "videollama3-reference" }, "videollama3-reference"],
  ["60s-720p-gop30", { type: "uniform", frameCount: 16 }, "uniform 16"],
  ["60s-720p-gop30-fixed", { type: "fps", fps: 1 }, "fps 1"],
  ["60s-720p-gop30-fixed", { type: "videollama3-reference" }, "videollama3-reference"],
  ["60s-720p-gop30-fixed", { type: "uniform", frameCount: 16 }, "uniform 16"],
  ["5min-720p-gop30", { type: "uniform", frameCount: 16 }, "uniform 16"],
  ["10min-360p-gop250", { type: "videollama3-reference", maxFrames: 180 }, "videollama3-reference, at most 180"],
  ["10min-360p-gop250", { type: "uniform", frameCount: 16 }, "uniform 16"],
];

process.stdout.write(
  "| video | plan | frames | ffmpeg pipe, CPU s | ours / pipe | decoded / all | open and list, CPU ms | ours / PyAV | ours / decord2 | ours / torchcodec |\n",
);
process.stdout.write("|---|---|---|---|---|---|---|---|---|---|\n");
const only = process.argv[2] ?? ""; // part of a video's name, to run some rows
for (const [video, plan, label] of rows.filter(([name]) => name.includes(only))) {
  const path = benchVideo(video, ffmpeg);
  const sample = () => sampleFrames(path, plan, { size, resize: "fast", backend: "node-av" });
  const sampled = await sample(); // also loads the library
  const args = pipeArguments(
    path,
    sampled.frameInfo.map(({ index }) => index),
  );
  const piped = execFileSync(ffmpeg, args, { maxBuffer: 2 ** 30 });
  if (md5(piped) !== md5(sampled.frames.data)) throw new Error(`${video} ${label}: the pipe gives other bytes`);
  let base = Number.POSITIVE_INFINITY;
  let ours = Number.POSITIVE_INFINITY;
  let listing = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS; i++) {
    base = Math.min(base, childCpu(ffmpeg, args));
    ours = Math.min(ours, await ownCpu(sample));
    listing = Math.min(listing, await ownCpu(() => explainPlan(path, plan, { backend: "node-av" })));
  }
  let peers: Record<string, number | null> = {};
  if (python !== undefined) {
    const script = new URL("./peers_sample.py", import.meta.url).pathname;
    const indices = sampled.frameInfo.map(({ index }) => index).join(",");
    peers = JSON.parse(
      execFileSync(python, [script, path, indices], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
    );
  }
  const ratio = (value: number) => (Number.isNaN(value) ? "-" : value.toFixed(2));
  const { framesDecoded, framesInVideo } = sampled.stats;
  const cells = [
    video,
    label,
    sampled.frameInfo.length,
    base.toFixed(2),
    ratio(ours / base),
    `${framesDecoded} / ${framesInVideo} = ${(framesDecoded / framesInVideo).toFixed(3)}`,
    Math.round(listing * 1000),
    ...["pyav", "decord", "torchcodec"].map((name) => ratio(ours / (peers[name] ?? Number.NaN))),
  ];
  process.stdout.write(`| ${cells.join(" | ")} |\n`);
}
