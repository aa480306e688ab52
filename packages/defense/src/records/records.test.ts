import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DataSource } from "../run-file/run-schema.js";
import { SourceReader } from "./read-source-node.js";
import { itemFingerprint } from "./training-item.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "records-"));
  for (const name of ["a.mp4", "b.png"]) await writeFile(join(folder, name), "x");
});
afterAll(() => rm(folder, { recursive: true }));

const human = (value: string) => ({ from: "human", value });
const gpt = (value: string) => ({ from: "gpt", value });
const safety_labels = { visual: 1, textual: 0 };
const SOLUTION = "<think>t</think><answer>a</answer><vidType>1</vidType><textType>0</textType>";
const sft = { video: "a.mp4", conversations: [human("<video>\nWhat?"), gpt("A sign.")], safety_labels };
const grpo = {
  problem_id: 1,
  data_type: "video",
  path: "a.mp4",
  problem: "What?",
  problem_type: "free-form-and-choice",
  solution: SOLUTION,
};

async function read(records: readonly unknown[], changes: Partial<DataSource> = {}, turns?: "every" | "last") {
  const file = join(folder, "records.jsonl");
  await writeFile(file, records.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join("\n"));
  const usual = { format: "auto", labels: "as-written", missingLabels: "throw", onBadRecord: "throw" } as const;
  return new SourceReader().read("mine", { file, mediaRoot: folder, ...usual, ...changes }, turns ? { turns } : {});
}

describe("the authors' records", () => {
  test("stages 1 to 3: media, parts, labels, and the place of each", async () => {
    const { format, items, records } = await read([
      sft,
      { ...sft, video: undefined, image: "b.png", conversations: [human("What?"), gpt("B.")] },
    ]);
    expect([format, records]).toEqual(["sft", 2]);
    expect(items[0]).toMatchObject({
      place: { source: "mine", line: 1 },
      media: [{ kind: "video", path: join(folder, "a.mp4"), bytes: 1 }],
      messages: [{ role: "user", content: [{ type: "video" }, { type: "text", text: "What?" }] }],
      completion: "A sign.",
      labels: { visual: 1, textual: 0 },
    });
    expect(items[1]).toMatchObject({
      media: [{ kind: "image" }],
      messages: [{ content: [{ type: "image" }, { type: "text", text: "What?" }] }],
    });
  });

  test("every answer of a conversation, each with what precedes it, or the last alone", async () => {
    const talk = { ...sft, conversations: [human("<video>One?"), gpt("1"), human("Two?"), gpt("2")] };
    const { items, records } = await read([talk]);
    expect(records).toBe(1);
    expect(
      items.map((item) => [item.kind === "sft" && item.messages.length, item.kind === "sft" && item.completion]),
    ).toEqual([
      [1, "1"],
      [3, "2"],
    ]);
    expect((await read([talk], {}, "last")).items).toMatchObject([{ completion: "2" }]);
  });

  test("stage 4, and labels that are the wrong way round", async () => {
    expect((await read([grpo])).items).toMatchObject([
      { kind: "grpo", question: "What?", labels: { visual: 1, textual: 0 } },
    ]);
    const [turned] = (await read([grpo], { labels: "inverted" })).items;
    expect(turned).toMatchObject({
      labels: { visual: 0, textual: 1 },
      solution: expect.stringContaining("<vidType>0"),
    });
    expect((await read([sft], { labels: "inverted" })).items).toMatchObject([{ labels: { visual: 0, textual: 1 } }]);
  });

  test("without labels: none, or safe where that is said", async () => {
    const bare = { ...sft, safety_labels: undefined };
    expect((await read([bare])).items[0]?.labels).toBeNull();
    expect((await read([bare], { missingLabels: "safe" })).items[0]?.labels).toEqual({ visual: 0, textual: 0 });
  });

  test("an exchanged file or answer changes what a run is recognised by; the folder does not", async () => {
    const [before] = (await read([sft])).items;
    const prints = async (changes: object) => itemFingerprint((await read([{ ...sft, ...changes }])).items[0] as never);
    expect(await prints({})).toEqual(itemFingerprint(before as never));
    expect(JSON.stringify(itemFingerprint(before as never))).not.toContain(folder);
    expect(await prints({ conversations: [human("<video>\nWhat?"), gpt("Another.")] })).not.toEqual(
      itemFingerprint(before as never),
    );
    await writeFile(join(folder, "a.mp4"), "longer");
    expect(await prints({})).not.toEqual(itemFingerprint(before as never));
    await writeFile(join(folder, "a.mp4"), "x");
  });
});

describe("a bad record is named by file and line, and skipped only when asked", () => {
  const bad: [string, unknown, string, RegExp][] = [
    ["no JSON", "{", "invalid-record", /records\.jsonl:2: expected JSON/],
    ["a missing clip", { ...sft, video: "none.mp4" }, "media-missing", /records\.jsonl:2: .*none\.mp4.*mediaRoot/],
    ["a folder as clip", { ...sft, video: "." }, "media-missing", /:2:/],
    [
      "one label",
      { ...sft, safety_labels: undefined, visual_safety_label: 1 },
      "invalid-record",
      /:2: .*textual|:2: .*visual/,
    ],
    [
      "a label that is none",
      { ...sft, safety_labels: { visual: 2, textual: 0 } },
      "invalid-record",
      /:2: .*0 \(safe\) or 1/,
    ],
    [
      "two tags for one clip",
      { ...sft, conversations: [human("<video><video>?"), gpt("a")] },
      "invalid-record",
      /:2: .*found 2/,
    ],
    [
      "a tag without a clip",
      { ...sft, video: undefined, conversations: [human("<video>?"), gpt("a")] },
      "invalid-record",
      /:2: .*found 1/,
    ],
    ["no answer", { ...sft, conversations: [human("<video>?")] }, "invalid-record", /:2: .*answer/],
    ["an empty answer", { ...sft, conversations: [human("<video>?"), gpt(" ")] }, "invalid-record", /:2: .*empty/],
    ["another layout", grpo, "invalid-record", /:2: conversations/],
    ["an array", [1], "invalid-record", /:2:/],
    ["null", null, "invalid-record", /:2:/],
  ];
  test.each(bad)("%s", async (_, record, code, message) => {
    await expect(read([sft, record])).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    const { items, skipped } = await read([sft, record, sft], { onBadRecord: "skip" });
    expect([items.length, skipped.map(({ place }) => place.line)]).toEqual([2, [2]]);
  });

  test("nothing usable, no such file, neither layout", async () => {
    await expect(read([])).rejects.toThrow(/expected a usable record, found none/);
    await expect(read(["{"], { onBadRecord: "skip" })).rejects.toThrow(/1 skipped; the first/);
    await expect(read([{ text: "x" }])).rejects.toThrow(/:1: expected conversations .* found text/);
    await expect(read([sft], { file: join(folder, "nowhere.jsonl") })).rejects.toThrow(/no such file/);
  });
});
