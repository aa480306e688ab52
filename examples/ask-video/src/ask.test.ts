import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createVideoLlm, REQUIRED_TOKENS, trainByteLevelBpe } from "@videosafety/video-llm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AnswerPiece, ask } from "./ask.js";

/** A YUV4MPEG2 file at one frame a second: grey squares that get brighter. */
function rawVideo(frames: number, side: number): Buffer {
  const frame = (t: number): Buffer =>
    Buffer.concat([
      Buffer.from("FRAME\n"),
      Buffer.alloc(side * side, 60 + 40 * t),
      Buffer.alloc((side * side) / 2, 128),
    ]);
  const header = Buffer.from(`YUV4MPEG2 W${side} H${side} F1:1 Ip A1:1 C420\n`);
  return Buffer.concat([header, ...Array.from({ length: frames }, (_, t) => frame(t))]);
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "ask-video-"));
  const vision = { hiddenSize: 32, intermediateSize: 64, layers: 1, heads: 2 };
  const model = createVideoLlm({
    config: { hiddenSize: 32, intermediateSize: 64, layers: 1, heads: 4, keyValueHeads: 2, vision },
    tokenizer: { tokenizer: trainByteLevelBpe({ texts: [], vocabularySize: 256, specialTokens: REQUIRED_TOKENS }) },
    preprocessor: { minTokens: 1 },
    seed: 1,
  });
  await model.save(join(directory, "model"));
  await writeFile(join(directory, "clip.y4m"), rawVideo(3, 32));
});
afterAll(() => rm(directory, { recursive: true }));

test("answers each question about a file, with alarm readings first", async () => {
  const pieces: AnswerPiece[] = [];
  const video = join(directory, "clip.y4m");
  const asked = { model: join(directory, "model"), video, questions: ["what?", "who?"], maxFrames: 4, maxTokens: 3 };
  for await (const piece of ask(asked)) pieces.push(piece);
  expect([...new Set(pieces.map(({ question }) => question))]).toEqual([0, 1]);
  const readings = pieces.filter(({ alarms }) => alarms !== undefined);
  expect(readings).toHaveLength(2);
  for (const { alarms } of readings) {
    expect(alarms?.visual).toBeGreaterThan(0);
    expect(alarms?.visual).toBeLessThan(1);
  }
});

test("a directory that is no checkpoint is named in the error", async () => {
  const asked = {
    model: directory,
    video: join(directory, "clip.y4m"),
    questions: ["what?"],
    maxFrames: 4,
    maxTokens: 3,
  };
  await expect(ask(asked).next()).rejects.toThrow(/config\.json/);
});
