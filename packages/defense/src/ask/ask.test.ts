import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createVideoLlm,
  initializeAlarms,
  loadVideoLlm,
  PROMPT_CONVENTIONS,
  REQUIRED_TOKENS,
  saveVideoLlm,
  trainByteLevelBpe,
} from "@videosafety/video-llm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rawVideo } from "../../test/raw-video.js";
import { writeNotes } from "../model/checkpoint-notes-node.js";
import { type AnswerPiece, ask, type Question } from "./ask-node.js";

const FAMILIES = ["videollama3", "smolvlm2", "qwen2-vl", "qwen2.5-vl", "qwen3-vl"] as const;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "ask-"));
  await writeFile(join(directory, "clip.y4m"), rawVideo(5, 56));
  for (const family of FAMILIES) {
    const { turnEnd, image, video = image, markers } = PROMPT_CONVENTIONS[family];
    const specialTokens = [...new Set([...REQUIRED_TOKENS, turnEnd, image, video, ...markers])];
    const tokenizer = trainByteLevelBpe({ texts: [], vocabularySize: 256, specialTokens });
    const vision = { hiddenSize: 32, intermediateSize: 64, layers: 1, heads: 2, imageSize: 56 };
    const model = createVideoLlm({
      config: { family, hiddenSize: 32, intermediateSize: 64, layers: 1, heads: 4, keyValueHeads: 2, vision },
      tokenizer: { tokenizer },
      preprocessor: { minTokens: 1 },
      seed: 1,
    });
    initializeAlarms(model, "mean");
    await saveVideoLlm(model, join(directory, family));
    await model.dispose();
  }
});
afterAll(() => rm(directory, { recursive: true }));

test.each(FAMILIES)("%s answers each question about a file, with alarm readings first", async (family) => {
  const pieces: AnswerPiece[] = [];
  const video = join(directory, "clip.y4m");
  const asked = { model: join(directory, family), video, questions: ["what?", "who?"], maxFrames: 4, maxTokens: 3 };
  for await (const piece of ask(asked)) pieces.push(piece);
  for (const question of [0, 1]) {
    const own = pieces.filter((piece) => piece.question === question);
    expect(own.findIndex(({ alarms }) => alarms !== undefined)).toBe(0);
    expect(own.length).toBeGreaterThan(1);
    for (const p of Object.values(own[0]?.alarms ?? {})) {
      expect(p).toBeGreaterThan(0);
      expect(p).toBeLessThan(1);
    }
  }
});

test.each(["int8", "bfloat16"] as const)("with weights at %s, and the frames asked for", async (precision) => {
  const pieces: AnswerPiece[] = [];
  const asked = {
    model: join(directory, "qwen2-vl"),
    video: join(directory, "clip.y4m"),
    questions: ["what?"],
    maxTokens: 2,
  };
  for await (const piece of ask({ ...asked, precision, maxFrames: 2, fps: 1, providers: ["cpu"] })) pieces.push(piece);
  expect(pieces.length).toBeGreaterThan(1);
  await expect(ask({ ...asked, maxFrames: 2, providers: ["abacus"] }).next()).rejects.toThrow(/abacus/);
});

test("options of local models are refused for a server", async () => {
  const asked = { model: "http://127.0.0.1:9/v1", video: "clip.y4m", questions: ["what?"], maxFrames: 2, maxTokens: 2 };
  await expect(ask({ ...asked, precision: "int8" }).next()).rejects.toThrow(/precision for a local model only/);
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

test("a model whose alarm tokens were never trained is asked without them", async () => {
  const model = await loadVideoLlm(join(directory, "smolvlm2"));
  initializeAlarms(model, "zeros");
  const untrained = join(directory, "untrained");
  await saveVideoLlm(model, untrained);
  await model.dispose();
  const pieces: AnswerPiece[] = [];
  const asked = { model: untrained, video: join(directory, "clip.y4m"), questions: ["what?"], maxTokens: 3 };
  for await (const piece of ask(asked)) pieces.push(piece);
  expect(pieces.length).toBeGreaterThan(0);
  expect(pieces.every(({ alarms }) => alarms === undefined)).toBe(true);
});

test("tokens are drawn as the checkpoint's generation_config.json says", async () => {
  const directoryOf = async (name: string, config: object): Promise<string> => {
    const copy = join(directory, name);
    await cp(join(directory, "smolvlm2"), copy, { recursive: true });
    await writeFile(join(copy, "generation_config.json"), JSON.stringify(config));
    return copy;
  };
  const textOf = async (model: string): Promise<string> => {
    let text = "";
    const asked = { model, video: null, questions: ["what?"], maxTokens: 12 };
    for await (const piece of ask(asked)) text += piece.text;
    return text;
  };
  const greedy = await textOf(await directoryOf("greedy", { do_sample: false }));
  const drawn = await textOf(await directoryOf("drawn", { do_sample: true, temperature: 50, top_k: 0 }));
  expect(drawn).not.toBe(greedy);
});

test("a checkpoint is asked as its training wrote, unless it is told otherwise", async () => {
  const noted = join(directory, "noted");
  await cp(join(directory, "smolvlm2"), noted, { recursive: true });
  await writeNotes(noted, {
    ...{ stage: "stage-4", base: noted, precision: "float32", frames: {}, alarmTokens: true },
    questionPrompt: "{query} Think first.",
  });
  const readings = async (more: Partial<Question>): Promise<unknown> => {
    const asked = { model: noted, video: null, questions: ["what?"], maxTokens: 1, ...more };
    for await (const { alarms } of ask(asked)) return alarms;
    return undefined;
  };
  const plain = await readings({ questionPrompt: "{query}" });
  expect(plain).toEqual(await readings({ model: join(directory, "smolvlm2") }));
  const wrapped = await readings({});
  expect(wrapped).toEqual(await readings({ questions: ["what? Think first."], questionPrompt: "{query}" }));
  expect(wrapped).not.toEqual(plain);
  await expect(readings({ questionPrompt: "Think first." })).rejects.toThrow(/expected \{query\}/);
  const notes = join(noted, "videosafety.json"); // words that would leave the question out
  await writeFile(notes, (await readFile(notes, "utf8")).replace("{query} Think", "Think"));
  await expect(readings({})).rejects.toThrow(/videosafety\.json: expected the notes of a run/);
});
