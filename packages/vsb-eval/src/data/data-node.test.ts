import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DEFAULT_LANGUAGES,
  type EvalItem,
  evalItemSchema,
  taxonomyLeaves,
  VSE_ASSUMED_V1,
} from "@videosafety/safety-data";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testItems } from "../testing/fixtures.js";
import { checkItems, VSB_77K } from "./check-items.js";
import { type ItemFormat, loadItems } from "./load-items-node.js";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vsb-data-"));
});
afterAll(() => rm(directory, { recursive: true }));

async function load(name: string, content: unknown, format: ItemFormat): Promise<EvalItem[]> {
  const path = join(directory, name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  const items = await loadItems(path, { format });
  for (const item of items) expect(evalItemSchema.safeParse(item).error).toBeUndefined();
  return items;
}

describe("loadItems on miniatures in the data sets' own layout", () => {
  it("Video-SafetyBench", async () => {
    const row = {
      question_id: 7,
      question: "a question",
      harmful_intention: "an intention",
      question_type: "harmful",
      video_path: "video/1/7.mp4",
      category: "1_Violent_Crimes",
      subcategory: "1_sub",
    };
    const [item] = await load("benign_data.json", [row], "video-safetybench");
    expect(item).toMatchObject({
      id: "video-safetybench/benign/7",
      subset: "HH",
      split: "benign",
      video: { path: "video/1/7.mp4" },
    });
    expect(item?.policy).toContain("an intention");
  });
  it("VideoSafety-R1 SFT with nested, flat and legacy labels", async () => {
    const conversations = [
      { from: "human", value: "<video>\na question" },
      { from: "gpt", value: "an answer" },
    ];
    const legacy = [{ from: "human", value: "<video>\n$0$1 a question" }, conversations[1]];
    const items = await load(
      "sft.json",
      [
        { video: ["a.mp4"], conversations, safety_labels: { visual: 1, textual: 1 } },
        { video: ["b.mp4"], conversations, visual_safety_label: 1, textual_safety_label: 0 },
        { video: ["c.mp4"], conversations: legacy },
      ],
      "videosafety-sft",
    );
    expect(items.map(({ subset }) => subset)).toEqual(["HH", "SafeQ", "SH"]);
    expect(items.map(({ query }) => query)).toEqual(["a question", "a question", "a question"]);
  });
  it("VideoSafety-R1 GRPO keeps the safety problems", async () => {
    const solution = "<think>t</think><answer>a</answer><vidType>0</vidType><textType>1</textType>";
    const record = { problem_id: 3, data_type: "video", path: "d.mp4", problem: "p", solution };
    const items = await load(
      "grpo.jsonl",
      `${JSON.stringify({ ...record, problem_type: "free-form-and-choice" })}\n${JSON.stringify({ ...record, problem_type: "free-form" })}\n`,
      "videosafety-grpo",
    );
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ id: "videosafety-grpo/3", subset: "SH", labels: { visual: 0, textual: 1 } });
  });
  it("VLGuard: the image's label, two instructions for a safe image", async () => {
    const items = await load(
      "test.json",
      [
        {
          id: "1",
          image: "bad/1.png",
          safe: false,
          harmful_category: "privacy",
          harmful_subcategory: "personal data",
          "instr-resp": [{ instruction: "i", response: "r" }],
        },
        {
          id: "2",
          image: "ok/2.png",
          safe: true,
          "instr-resp": [
            { safe_instruction: "s", response: "r" },
            { unsafe_instruction: "u", response: "r" },
          ],
        },
      ],
      "vlguard",
    );
    expect(items.map(({ subset, query }) => `${subset} ${query}`)).toEqual(["HH i", "SafeQ s", "SH u"]);
    expect(items[0]).toMatchObject({ category: "privacy", subcategory: "personal data" });
  });
  it("FigStep", async () => {
    const csv = 'dataset,category_id,task_id,category_name,question,instruction\nSafeBench,3,41,"Some, Category",q,i\n';
    const [item] = await load("safebench.csv", csv, "figstep");
    expect(item).toMatchObject({
      subset: "HH",
      category: "Some, Category",
      video: { path: "images/SafeBench/query_SafeBench_3_41_6.png" },
    });
  });
  it("MM-SafetyBench", async () => {
    const row = {
      Question: "q",
      "Changed Question": "c",
      "Key Phrase": "k",
      "Phrase Type": "activity",
      "Rephrased Question": "r",
      "Rephrased Question(SD)": "sd",
    };
    const [item] = await load("01-Illegal_Activitiy.json", { "0": row }, "mm-safetybench");
    expect(item).toMatchObject({
      query: "r",
      category: "01-Illegal_Activitiy",
      video: { path: "imgs/01-Illegal_Activitiy/SD_TYPO/0.jpg" },
    });
  });
  it("XSTest, with and without id and label", async () => {
    const items = await load(
      "xstest.csv",
      "prompt,focus,type,note\np1,f,homonyms,\np2,f,contrast_homonyms,n\n",
      "xstest",
    );
    expect(items.map(({ subset, video }) => [subset, video])).toEqual([
      ["SafeQ", null],
      ["SH", null],
    ]);
    const labelled = await load("xstest2.csv", "id,prompt,type,label,focus,note\n9,p,homonyms,safe,f,\n", "xstest");
    expect(labelled[0]?.id).toBe("xstest/9");
  });
  it("names the row that is wrong", async () => {
    await expect(load("bad.json", [{ image: 3 }], "vlguard")).rejects.toThrow("VLGuard record 0");
    await expect(load("object.json", { a: 1 }, "vlguard")).rejects.toMatchObject({ code: "invalid_input" });
  });
  it("our own JSON Lines: strict with the line, or skip and count", async () => {
    const path = join(directory, "items.jsonl");
    const lines = testItems(1).map((item) => JSON.stringify(item));
    await writeFile(path, `${lines[0]}\n{"id":1}\n${lines[1]}\n`);
    await expect(loadItems(path)).rejects.toMatchObject({ line: 2 });
    const skipped: (number | null)[] = [];
    const items = await loadItems(path, { onError: "skip", onSkip: ({ line }) => skipped.push(line) });
    expect(items).toHaveLength(2);
    expect(skipped).toEqual([2]);
  });
});

describe("checkItems", () => {
  const leaves = taxonomyLeaves(VSE_ASSUMED_V1).filter(({ subcategory }) => subcategory.textOnly !== true);
  const full = Array.from({ length: 400 }, (_, i): EvalItem => {
    const { category, subcategory } = leaves[i % leaves.length] as (typeof leaves)[number];
    const base = testItems(1)[0] as EvalItem;
    const language = DEFAULT_LANGUAGES[i % 10] as string;
    return {
      ...base,
      id: `${i}`,
      video: { path: `${i}.mp4` },
      category: category.id,
      subcategory: subcategory.id,
      language,
    };
  });
  it("passes a whole benchmark and counts it", () => {
    const report = checkItems(full, VSE_ASSUMED_V1, { pairs: 400, subcategories: leaves.length, languages: 10 });
    expect(report.problems).toEqual([]);
    expect(report.counts.subset).toEqual({ HH: 400 });
    expect(Object.keys(report.counts.language)).toHaveLength(10);
  });
  it("finds wrong counts, duplicates, unknown categories, shared videos and forbidden media", () => {
    const first = full[0] as EvalItem;
    const wrong = [
      first,
      first,
      { ...first, id: "x", subcategory: "nonsense" },
      { ...first, id: "y", split: "train" },
      { ...first, id: "z", category: "sexual-content", subcategory: "child-safety", video: { path: "z.mp4" } },
    ];
    const { problems } = checkItems(wrong, VSE_ASSUMED_V1, VSB_77K);
    expect(problems.join("\n")).toMatch(
      /unique ids[\s\S]*nonsense[\s\S]*text-only[\s\S]*one split[\s\S]*77646[\s\S]*10 languages/,
    );
    expect(checkItems([], null).problems).toHaveLength(1);
  });
});
