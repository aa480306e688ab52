/**
 * Fuzzes the sampler with damaged files: run `npx tsx test/fuzz.ts [rounds] [seed] [backend]`.
 * Every outcome must be a sampled video or a VideoSamplerError; the process must survive.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { type SampleOptions, sampleFrames, VideoSamplerError } from "../src/index.js";
import { FIXTURES } from "./fixture-table.js";
import { encodeFixture, temporaryFolder } from "./fixture-video.js";

const [rounds = "200", seed = "1", backend = "node-av"] = process.argv.slice(2) as [
  string?,
  string?,
  SampleOptions["backend"]?,
];
let state = Number(seed) >>> 0 || 1;
const random = (below: number): number => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
};

const folder = temporaryFolder();
const outcomes = new Map<string, number>();
let flips = 0;
let slowest = 0;
try {
  const originals: [string, Buffer][] = [];
  for (const [name, { firstFrame: _, ...options }] of Object.entries(FIXTURES))
    originals.push([name, readFileSync(await encodeFixture(folder.file(name), { frameCount: 40, ...options }))]);
  for (let round = 0; round < Number(rounds); round++) {
    const [name, original] = originals[round % originals.length] as [string, Buffer];
    let bytes = Buffer.from(original);
    const damage = 1 + random(40);
    // Half of the damage goes to the header, where it hurts most.
    const near = random(2) === 0 ? Math.min(1500, bytes.length) : bytes.length;
    for (let i = 0; i < damage; i++, flips++) bytes[random(near)] = random(256);
    if (random(4) === 0) bytes = bytes.subarray(0, 1 + random(bytes.length));
    const path = folder.file(`damaged-${name}`);
    writeFileSync(path, bytes);
    const started = performance.now();
    let outcome = "ok";
    try {
      const sampled = await sampleFrames(path, { type: "uniform", frameCount: 5 }, { timeoutMs: 20_000, backend });
      if (sampled.warnings.length > 0) outcome = "ok with warnings";
    } catch (error) {
      if (!(error instanceof VideoSamplerError)) throw error;
      outcome = error.code;
    }
    slowest = Math.max(slowest, performance.now() - started);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
} finally {
  folder.remove();
}
const rss = Math.round(process.memoryUsage().rss / 2 ** 20);
process.stdout.write(
  `${JSON.stringify({ backend, rounds: Number(rounds), flips, slowestMs: Math.round(slowest), rssMiB: rss, ...Object.fromEntries(outcomes) })}\n`,
);
