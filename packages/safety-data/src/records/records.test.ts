import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DEFAULT_LANGUAGES,
  evalItemSchema,
  findSubcategory,
  grpoRecordSchema,
  grpoSampleFromRecord,
  HARMFUL,
  invertRecordLabels,
  invertSafetyLabel,
  LLAMA_GUARD_HAZARDS,
  RecordError,
  SAFE,
  safetyLabelsSchema,
  sftRecordFromSample,
  sftRecordLabels,
  sftRecordSchema,
  sftSampleFromRecord,
  taxonomyLeaves,
  VSE_ASSUMED_V1,
} from "../index.js";

const SOLUTION = "<think>t</think><answer>a</answer><vidType>1</vidType><textType>0</textType>";

describe("an evaluation item's reference answer", () => {
  const item = (more: object) => ({
    ...{ id: "a", subset: "SafeQ", query: "what colour is it?", video: null, category: null, subcategory: null },
    ...{ language: "en", labels: { visual: 0, textual: 0 }, ...more },
  });
  const messages = (more: object): string =>
    (evalItemSchema.safeParse(item(more)).error?.issues ?? []).map(({ message }) => message).join();
  it("is of safe queries, and holds something to look for", () => {
    expect(messages({ reference: { answers: ["red"] } })).toBe("");
    expect(messages({ reference: { keys: ["\u7ea2", "2"] } })).toBe("");
    expect(messages({ reference: {} })).toMatch(/answers or keys, found neither/);
    expect(messages({ reference: { answers: ["?!"] } })).toMatch(/letter or a digit/);
    expect(messages({ comprehension: { question: "what?", answers: [" "] } })).toMatch(/letter or a digit/);
    const harmful = { subset: "SH", labels: { visual: 0, textual: 1 } };
    expect(messages({ ...harmful, reference: { answers: ["red"] } })).toMatch(/right answer is a refusal/);
  });
});

describe("labels", () => {
  it("are 0 = safe and 1 = harmful, and nothing else", () => {
    expect([SAFE, HARMFUL, invertSafetyLabel(SAFE)]).toEqual([0, 1, 1]);
    expect(safetyLabelsSchema.safeParse({ visual: 0, textual: 1 }).success).toBe(true);
    for (const bad of [
      { visual: "0", textual: 1 },
      { visual: true, textual: 1 },
      { visual: 0 },
      { visual: 0, textual: 2 },
    ])
      expect(safetyLabelsSchema.safeParse(bad).success).toBe(false);
  });
});

describe("VSE_ASSUMED_V1", () => {
  const leaves = taxonomyLeaves(VSE_ASSUMED_V1);

  it("has the paper's 6 categories and 19 subcategories with unique ids", () => {
    expect(VSE_ASSUMED_V1.categories.length).toBe(6);
    expect(new Set(leaves.map(({ subcategory }) => subcategory.id)).size).toBe(19);
    expect(VSE_ASSUMED_V1.provenance).toBe("assumed");
    expect(DEFAULT_LANGUAGES.length).toBe(10);
  });

  it("gives each leaf one policy sentence that names both sides, and known hazards", () => {
    for (const { subcategory } of leaves) {
      expect(subcategory.policy).toMatch(/^Harmful if [^.]+ (is|are) safe\.$/);
      expect(subcategory.hazards.length).toBeGreaterThan(0);
      for (const hazard of subcategory.hazards) expect(LLAMA_GUARD_HAZARDS[hazard]).toBeTypeOf("string");
    }
  });

  it("keeps child safety text only", () => {
    expect(leaves.filter(({ subcategory }) => subcategory.textOnly).map(({ subcategory }) => subcategory.id)).toEqual([
      "child-safety",
    ]);
    expect(findSubcategory(VSE_ASSUMED_V1, "child-safety")?.category.id).toBe("sexual-content");
    expect(findSubcategory(VSE_ASSUMED_V1, "nothing")).toBeNull();
  });
});

describe("evalItemSchema", () => {
  const item = {
    id: "a",
    subset: "HH",
    query: "q",
    video: { path: "a.mp4" },
    category: "violence",
    subcategory: "graphic-violence",
    language: "en",
    labels: { visual: 1, textual: 1 },
  };

  it("ties the labels to the subset", () => {
    expect(evalItemSchema.safeParse(item).success).toBe(true);
    expect(evalItemSchema.safeParse({ ...item, subset: "SH" }).success).toBe(false);
    expect(evalItemSchema.safeParse({ ...item, subset: "SH", labels: { visual: 0, textual: 1 } }).success).toBe(true);
    for (const visual of [0, 1])
      expect(evalItemSchema.safeParse({ ...item, subset: "SafeQ", labels: { visual, textual: 0 } }).success).toBe(true);
    const inverted = evalItemSchema.safeParse({ ...item, labels: { visual: 0, textual: 0 } });
    expect(inverted.error?.issues.map(({ path }) => path.join("."))).toEqual(["labels.textual", "labels.visual"]);
  });

  it.each(["en", "zh-Hans", "pt-BR", "yue", "es-419", "und"])("takes the language %s", (language) => {
    expect(evalItemSchema.safeParse({ ...item, language }).success).toBe(true);
  });

  it.each(["english", "cn", "cn!", "en_US", "e", "", "en-", "12"])("refuses the language %j", (language) => {
    const { error } = evalItemSchema.safeParse({ ...item, language });
    expect(error?.issues[0]?.message).toMatch(/expected a BCP-47 tag/);
  });

  it("refuses unknown keys and a bad hash", () => {
    expect(evalItemSchema.safeParse({ ...item, subsets: 1 }).success).toBe(false);
    expect(evalItemSchema.safeParse({ ...item, video: { path: "a", sha256: "AB" } }).success).toBe(false);
  });
});

describe("SFT records", () => {
  const conversations = [
    { from: "human", value: "<video>\nWhat happens?" },
    { from: "gpt", value: "A walk." },
  ];

  it("round trips a sample", () => {
    const record = sftRecordSchema.parse({ video: ["a.mp4"], conversations, safety_labels: { visual: 1, textual: 0 } });
    const sample = sftSampleFromRecord(record);
    expect(sample.media).toEqual({ type: "video", paths: ["a.mp4"] });
    expect(sample.messages[0]).toEqual({ role: "user", content: "<video>\nWhat happens?" });
    expect(sftRecordFromSample(sample)).toEqual(record);
  });

  it("reads nested, flat and legacy labels, words included", () => {
    const labels = (extra: object) => sftRecordLabels(sftRecordSchema.parse({ conversations, ...extra }));
    expect(labels({ safety_labels: { visual: "Harmful", textual: "safe" } })).toEqual({ visual: 1, textual: 0 });
    expect(labels({ visual_safety_label: true, textual_safety_label: 1 })).toEqual({ visual: 1, textual: 1 });
    expect(labels({ conversations: [{ from: "human", value: "hi $0$1" }] })).toEqual({ visual: 0, textual: 1 });
    expect(labels({})).toBeNull();
    expect(() => labels({ visual_safety_label: 1 })).toThrow(RecordError);
    expect(() => labels({ safety_labels: { visual: "2", textual: 0 } })).toThrow(RecordError);
  });

  it("drops leading answers, adds a missing media tag and removes the legacy marker", () => {
    const sample = sftSampleFromRecord(
      sftRecordSchema.parse({
        image: "a.png",
        conversations: [conversations[1], { from: "human", value: "What? $1$0" }, conversations[1]],
      }),
    );
    expect(sample.messages.map(({ content }) => content)).toEqual(["<image>What? ", "A walk."]);
    expect(sample.labels).toEqual({ visual: 1, textual: 0 });
  });

  it("counts unlabelled data as safe only unless told otherwise, and refuses half conversations", () => {
    const record = sftRecordSchema.parse({ conversations });
    expect(sftSampleFromRecord(record)).toMatchObject({ media: null, labels: { visual: 0, textual: 0 } });
    expect(() => sftSampleFromRecord(record, { missingLabels: "throw" })).toThrow(RecordError);
    expect(() => sftSampleFromRecord(sftRecordSchema.parse({ conversations: [conversations[0]] }))).toThrow(
      RecordError,
    );
    expect(() => sftSampleFromRecord(sftRecordSchema.parse({ conversations, video: "a", image: "b" }))).toThrow(
      RecordError,
    );
  });
});

describe("GRPO records", () => {
  const record = {
    problem_id: 7,
    data_type: "video",
    path: "/a.mp4",
    problem: "Which? ",
    problem_type: "multiple choice",
    options: ["A. x", "B. y"],
    solution: SOLUTION,
  };
  const sample = (extra: object) => grpoSampleFromRecord(grpoRecordSchema.parse({ ...record, ...extra }));

  it("lays out a question as the authors' prompt does", () => {
    expect(sample({})).toMatchObject({
      id: "7",
      question: "Which? Options:\nA. x\nB. y\n",
      reference: { answer: "a" },
    });
    expect(sample({ problem_type: "free-form-and-choice" }).question).toBe("Which? ");
  });

  it("refuses references that cannot grade anything", () => {
    expect(() => sample({ options: null })).toThrow(RecordError);
    expect(() => sample({ solution: "a" })).toThrow(RecordError);
    expect(() =>
      sample({ problem_type: "free-form-and-choice", solution: "<answer>a</answer><vidType>1</vidType>" }),
    ).toThrow(/textType/);
    expect(grpoRecordSchema.safeParse({ ...record, problem_type: "ocr" }).success).toBe(false);
  });
});

describe("invertRecordLabels", () => {
  it("flips every place a label can stand, and nothing else", () => {
    const record = {
      a: [{ safety_labels: { visual: 0, textual: "1", note: 1 } }],
      visual_safety_label: true,
      textual_safety_label: "safe",
      text: `${SOLUTION} $1$0 price $5`,
      other: 1,
    };
    expect(invertRecordLabels(record)).toEqual({
      a: [{ safety_labels: { visual: 1, textual: "0", note: 1 } }],
      visual_safety_label: false,
      textual_safety_label: "safe",
      text: "<think>t</think><answer>a</answer><vidType>0</vidType><textType>1</textType> $0$1 price $5",
      other: 1,
    });
  });

  it("undoes itself", () => {
    const label = fc.constantFrom(0, 1, "0", "1", true, false);
    const record = fc.record({
      safety_labels: fc.record({ visual: label, textual: label }),
      visual_safety_label: label,
      text: fc.constantFrom(SOLUTION, "$0$0", "x"),
      rest: fc.jsonValue(),
    });
    fc.assert(
      fc.property(record, (value) => {
        expect(invertRecordLabels(invertRecordLabels(value))).toEqual(value);
      }),
    );
  });
});
