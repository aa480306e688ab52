import { attentionShares } from "@videosafety/alarm-tokens";
import { afterAll, describe, expect, test } from "vitest";
import { tinyModel, tinyPrompt } from "../../test/tiny.js";
import { openHiddenStates, type PreparedPrompt, promptParts, type VideoLlm } from "../index.js";

const model: VideoLlm = tinyModel();
afterAll(() => model.dispose());

const partsOf = (prompt: PreparedPrompt, named = promptParts(prompt)): [name: string, text: string][] =>
  named.map(({ name, start, end }) => [
    name,
    model.tokenizer.decode(prompt.tokenIds.subarray(start, end), { keepSpecial: true }),
  ]);

describe("promptParts", () => {
  test("names every token once: text read back by part", async () => {
    const prompt = await tinyPrompt(model, "a dog", { frames: 2, seed: 1 });
    const parts = partsOf(prompt);
    const tokens = promptParts(prompt).reduce((sum, { start, end }) => sum + end - start, 0);
    expect(tokens).toBe(prompt.tokenIds.length);
    const counts = Array.from(prompt.visual[0]?.frameTokenCounts ?? []);
    expect(parts).toEqual([
      ["start", "<|im_start|>user\nTime 0.0s:"],
      ["video", "<image>".repeat(counts[0] as number)],
      ["frame times", ",Time 1.0s:"],
      ["video", "<image>".repeat(counts[1] as number)],
      ["visual alarm", "<|visual_alarm|>"],
      ["query", "\na dog"],
      ["textual alarm", "<|textual_alarm|>"],
      ["end", "<|im_end|>\n<|im_start|>assistant\n"],
    ]);
  });

  test("frames by name, and prompts without a video or without alarms", async () => {
    const prompt = await tinyPrompt(model, "a dog", { frames: 3, seed: 2 });
    const named = promptParts(prompt, { frameName: (time, frame) => `frame ${frame} at ${time} s` });
    expect(named.map(({ name }) => name).filter((name) => name.startsWith("frame ") && name !== "frame times")).toEqual(
      ["frame 0 at 0 s", "frame 1 at 1 s", "frame 2 at 2 s"],
    );
    const textOnly = await tinyPrompt(model, "a dog", { frames: 0, seed: 3 });
    expect(partsOf(textOnly).map(([name]) => name)).toEqual(["query", "visual alarm", "textual alarm", "end"]);
    const plain = model.preparePrompt({ messages: [{ role: "user", content: "a dog" }], alarmTokens: false });
    expect(partsOf(plain).map(([name]) => name)).toEqual(["query"]);
  });

  test("alarms after every frame are all visual alarms", async () => {
    const prompt = await tinyPrompt(model, "a dog", { frames: 2, seed: 1, alarmTokens: { segments: "frame" } });
    expect(partsOf(prompt).map(([name]) => name)).toEqual([
      "start",
      "video",
      "visual alarm",
      "frame times",
      "video",
      "visual alarm",
      "query",
      "textual alarm",
      "end",
    ]);
  });

  test("feed attentionShares: what an alarm looks at sums to 1, and what follows it gets nothing", async () => {
    const prompt = await tinyPrompt(model, "a dog", { frames: 2, seed: 4 });
    const opened = openHiddenStates(model);
    const attention = await opened.attentionWeights(model.prepareSample({ prompt }));
    const alarms = prompt.alarmPositions as NonNullable<PreparedPrompt["alarmPositions"]>;
    const shares = attentionShares(attention, alarms, promptParts(prompt));
    const first = shares.filter(({ layer, head }) => layer === 1 && head === 0);
    expect(first.reduce((sum, { visual }) => sum + visual, 0)).toBeCloseTo(1, 4);
    expect(first.find(({ part }) => part === "query")?.visual).toBe(0);
    expect(first.find(({ part }) => part === "end")).toMatchObject({ visual: 0, textual: 0 });
    await opened.dispose();
  });
});
