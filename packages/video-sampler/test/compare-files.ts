/**
 * Compares both backends with `ffmpeg -f framemd5` and PyAV on every file of compare-recipes.ts and any further files:
 * `PYTHON=... npx tsx test/compare-files.ts [--out results.json] [real files ...]` (FFMPEG_BIN or the PATH names ffmpeg).
 * Compared are the decoded planes of every frame, in order, and of five frames jumped to. Every difference must be said: by a
 * warning, a frame's decodeError, or a typed error. Exit code 1 when one is silent.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { locateFfmpeg } from "../src/decode/ffmpeg/ffmpeg-program-node.js";
import { openPath } from "../src/decode/open-decoder-node.js";
import { sampleFrames, VideoSamplerError } from "../src/index.js";
import { scheduleDecode } from "../src/plan/decode-schedule.js";
import { type FrameListing, listDecodedFrames, listFrames } from "../src/sample/list-frames.js";
import { type Recipe, recipes } from "./compare-recipes.js";
import { temporaryFolder } from "./fixture-video.js";

const ffmpeg = await locateFfmpeg();
const python = process.env.PYTHON;
const folder = temporaryFolder();
const args = process.argv.slice(2);
const outAt = args.indexOf("--out");
const out = outAt === -1 ? undefined : args.splice(outAt, 2)[1];
const md5 = (data: Uint8Array) => createHash("md5").update(data).digest("hex");

function make({ name, args: options = [], input = "", join, cut, damage }: Recipe): boolean {
  const read = (file: string) => readFileSync(folder.file(file));
  try {
    if (join !== undefined) writeFileSync(folder.file(name), Buffer.concat(join.map(read)));
    else if (cut !== undefined)
      writeFileSync(folder.file(name), read(cut.from).subarray(0, Math.floor(read(cut.from).length * cut.share)));
    else if (damage !== undefined) {
      const bytes = read(damage.from);
      for (let at = bytes.length >> 2; at < bytes.length; at += damage.every) bytes[at] = (bytes[at] as number) ^ 0x55;
      writeFileSync(folder.file(name), bytes);
    } else {
      const source = input.startsWith("file:") ? ["-i", folder.file(input.slice(5))] : ["-f", "lavfi", "-i", input];
      const format = /\.apng$/.test(name) ? ["-f", "apng"] : [];
      execFileSync(ffmpeg, ["-v", "error", "-y", ...source, ...options, ...format, folder.file(name)], {
        stdio: ["ignore", "ignore", "pipe"],
      });
    }
    return true;
  } catch {
    return false; // an encoder or muxer that this ffmpeg lacks
  }
}

/** Planes of every frame by the ffmpeg program. */
function framemd5(path: string): string[] {
  const options = [
    "-v",
    "error",
    "-threads",
    "1",
    "-noautorotate",
    "-copyts",
    "-i",
    path,
    "-map",
    "0:V:0",
    "-vsync",
    "passthrough",
    "-autoscale",
    "0",
  ];
  const text = execFileSync(ffmpeg, [...options, "-f", "framemd5", "-"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return text
    .split("\n")
    .flatMap((line) => (line === "" || line.startsWith("#") ? [] : [line.split(",").at(-1)?.trim() ?? ""]));
}

async function ours(path: string, backend: "node-av" | "ffmpeg", listing: FrameListing | null, positions?: number[]) {
  const decoder = await openPath(path, { backend });
  try {
    const { frames, reachable } = listing ?? (await listFrames(decoder));
    const wanted = positions ?? [...frames.pts.keys()];
    const source = reachable
      ? decoder.decodeSegments(frames, scheduleDecode(frames, wanted), { pixels: "stored" })
      : decoder.decodeSequentially(new Set(wanted), { pixels: "stored" });
    const hashes: string[] = [];
    for await (const { image } of source) if (image !== null) hashes.push(md5(image));
    return { hashes, count: frames.pts.length, planned: wanted.length };
  } finally {
    await decoder.close();
  }
}

/** `equal`, `said: ...` where a difference is told, or `SILENT ...`. */
async function verdict(
  path: string,
  backend: "node-av" | "ffmpeg",
  expected: readonly string[],
  peer: readonly string[] | undefined,
): Promise<string> {
  const told = async (what: string): Promise<string> => {
    const sampled = await sampleFrames(path, { type: "uniform", frameCount: 10_000 }, { backend });
    const codes = sampled.warnings.map(({ code }) => code);
    return codes.length > 0 ? `said: ${codes.join(" ")}` : `SILENT: ${what}`;
  };
  try {
    let all = await ours(path, backend, null);
    let listing: FrameListing | null = null;
    if (all.hashes.length < all.planned) {
      // As sampling does where listed frames do not come out.
      const decoder = await openPath(path, { backend });
      listing = await listDecodedFrames(decoder);
      await decoder.close();
      // What a decoder learned by listing is its own: list and take with one.
      const again = await openPath(path, { backend });
      const fresh = await listDecodedFrames(again);
      const hashes: string[] = [];
      for await (const { image } of again.decodeSequentially(new Set(fresh.frames.pts.keys()), { pixels: "stored" }))
        if (image !== null) hashes.push(md5(image));
      await again.close();
      all = { hashes, count: fresh.frames.pts.length, planned: hashes.length };
    }
    // Versions of libav conceal damage in their own ways; PyAV's is of the same age as node-av's.
    if (all.hashes.join() !== expected.join() && all.hashes.join() === peer?.join())
      return "equal to PyAV, not to this ffmpeg";
    if (all.hashes.join() !== expected.join())
      return await told(`${all.hashes.length} frames, ffmpeg ${expected.length}`);
    if (listing === null && expected.length > 4) {
      const last = expected.length - 1;
      const some = [...new Set([0, Math.floor(last / 3), Math.floor(last / 2), last - 1, last])];
      const jumped = await ours(path, backend, null, some);
      if (jumped.hashes.join() !== some.map((index) => expected[index]).join()) return await told("frames jumped to");
    }
    return "equal";
  } catch (error) {
    if (error instanceof VideoSamplerError) return `said: ${error.code}`;
    throw error;
  }
}

const paths: { name: string; path: string; recipe: string }[] = [];
const skipped: string[] = [];
for (const recipe of recipes()) {
  const { name, ...how } = recipe;
  if (make(recipe) && existsSync(folder.file(name)))
    paths.push({ name, path: folder.file(name), recipe: JSON.stringify(how) });
  else skipped.push(name);
}
for (const path of args) paths.push({ name: basename(path), path, recipe: "real file" });

const pyav: Record<string, string[]> = {};
if (python !== undefined) {
  const script = new URL("./pyav_planes.py", import.meta.url).pathname;
  const text = execFileSync(python, [script, ...paths.map(({ path }) => path)], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "ignore"],
  });
  for (const line of text.trim().split("\n")) {
    const { path, md5: hashes } = JSON.parse(line);
    pyav[path] = hashes;
  }
}

const files: object[] = [];
let silent = 0;
for (const { name, path, recipe } of paths) {
  let expected: string[] = [];
  try {
    expected = framemd5(path);
  } catch {
    // ffmpeg itself gives up: what it gave until then counts
  }
  const verdicts = {
    nodeAv: await verdict(path, "node-av", expected, pyav[path]),
    ffmpeg: await verdict(path, "ffmpeg", expected, undefined),
  };
  const hashes = pyav[path];
  const byPyAv =
    hashes === undefined ? "not run" : hashes.join() === expected.join() ? "equal" : `other (${hashes.length} frames)`;
  if (Object.values(verdicts).some((text) => text.startsWith("SILENT"))) silent++;
  files.push({
    name,
    recipe,
    sha256: createHash("sha256").update(readFileSync(path)).digest("hex"),
    frames: expected.length,
    planesMd5: md5(Buffer.from(expected.join())),
    ...verdicts,
    pyav: byPyAv,
  });
  process.stdout.write(`${name}: node-av ${verdicts.nodeAv}; ffmpeg ${verdicts.ffmpeg}; PyAV ${byPyAv}\n`);
}
folder.remove();
const version = execFileSync(ffmpeg, ["-version"], { encoding: "utf8" }).split("\n")[0];
process.stdout.write(
  `${files.length} files, ${silent} silent differences; not made here: ${skipped.join(", ") || "none"}\n`,
);
if (out !== undefined) {
  const entries = files.map((file) => JSON.stringify(file)).join(",\n");
  writeFileSync(
    out,
    `{"ffmpeg":${JSON.stringify(version)},"date":${JSON.stringify(new Date().toISOString().slice(0, 10))},"silent":${silent},"files":[\n${entries}\n]}\n`,
  );
}
process.exitCode = silent === 0 ? 0 : 1;
