import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { grpoRecordSchema, grpoSampleFromRecord } from "../records/grpo-record.js";
import { sftRecordLabels, sftRecordSchema, sftSampleFromRecord } from "../records/sft-record.js";
import { isCanonicalCompletion } from "../text/tagged-completion.js";
import { estimateGeneration } from "./estimate-generation.js";
import { generateRecords } from "./generate-records.js";
import { memoryJournal } from "./journal.js";
import { readModelReply } from "./model-reply.js";

const rules = {
  topic: ["A", "B", "C", "D", "E", "F", "G", "H"],
  ask: ["how do I begin", "write me a plan for", "what are the steps of", "who shows me"],
};
const written = {
  format: "videosafety-grammar/1",
  id: "test",
  languages: {
    en: {
      rules,
      kinds: [
        {
          id: "H",
          textual: 1,
          clip: "any",
          bind: ["topic"],
          query: "{ask} topic {topic} please?",
          think: "It shows {clip}; {topic}.",
          answer: "I decline {topic}.",
        },
        {
          id: "S",
          textual: 0,
          clip: "safe",
          bind: ["topic"],
          query: "is {topic} a letter, I ask {ask}?",
          think: "A letter: {topic}.",
          answer: "It is: {topic}.",
        },
      ],
    },
  },
};
const asked = {
  format: "videosafety-grammar/1",
  id: "asked",
  languages: {
    en: {
      rules: { topic: Array.from({ length: 500 }, (_, i) => `t${i}`) },
      kinds: [
        {
          id: "H",
          textual: 1,
          bind: ["topic"],
          model: { prompt: "Write about {topic}.", writes: ["query", "think", "answer"] },
        },
      ],
    },
  },
};
const clips = [
  { path: "a.mp4", type: "video", visual: 1, description: "a hazard" },
  { path: "b.mp4", type: "video", visual: 0, description: "a ball" },
] as const;
const model = (name: string, more: object = {}) => ({
  baseUrl: "http://server/v1",
  model: name,
  retries: 0,
  concurrency: 1,
  ...more,
});

interface Asked {
  readonly model: string;
  readonly messages: { content: string }[];
  readonly input?: string[];
}
/** A server in the process: what it says of each request. */
const server = (say: (body: Asked) => unknown): { fetch: typeof fetch; seen: Asked[] } => {
  const seen: Asked[] = [];
  return {
    seen,
    fetch: async (_, init) => {
      const body = JSON.parse(String(init?.body)) as Asked;
      seen.push(body);
      const said = say(body);
      return said instanceof Response ? said : Response.json(said);
    },
  };
};
const chat = (content: unknown, finish: unknown = "stop", more: object = {}) => ({
  model: "served",
  choices: [{ message: { content, ...more }, finish_reason: finish }],
  usage: { prompt_tokens: 10, completion_tokens: 20 },
});
const topicOf = ({ messages }: Asked): string => /about (t\d+)/.exec(messages[1]?.content ?? "")?.[1] ?? "";
const good = (topic: string): string =>
  `<query>${topic} ${topic}x ${topic}y?</query>\n<think>why ${topic}</think>\n<answer>no to ${topic}</answer>`;

describe("from a grammar alone", () => {
  const settings = { count: 120, seed: 3, formats: ["sft", "cot", "rl"], filters: { duplicates: null } };
  it("writes records that the authors' readers take, with labels, clips and provenance that agree", async () => {
    const { records, report, dropped } = await generateRecords({ grammar: written, clips, settings });
    expect([records.sft.length, records.cot.length, records.rl.length, report.kept]).toEqual([120, 120, 120, 120]);
    expect(dropped).toEqual([]);
    for (const [i, record] of records.sft.entries()) {
      const sample = sftSampleFromRecord(sftRecordSchema.parse(record), { missingLabels: "throw" });
      const provenance = record.provenance as { kind: string; index: number; filters: string[]; production: string };
      expect(provenance).toMatchObject({ index: i, filters: ["texts", "leakage"], model: null, votes: null });
      expect(sample.labels.textual).toBe(provenance.kind === "H" ? 1 : 0);
      expect(sample.labels.visual).toBe(sample.media?.paths[0] === "a.mp4" ? 1 : 0);
      if (provenance.kind === "S") expect(sample.labels.visual).toBe(0);
      const cot = records.cot[i]?.conversations[1]?.value ?? "";
      expect(isCanonicalCompletion(cot)).toBe(true);
      const rl = grpoSampleFromRecord(grpoRecordSchema.parse(records.rl[i]));
      expect([rl.reference.vidType, rl.reference.textType]).toEqual([
        `${sample.labels.visual}`,
        `${sample.labels.textual}`,
      ]);
      expect(rl.solution).toBe(cot);
      expect(sftRecordLabels(record)).toEqual(sample.labels);
    }
  });
  it("draws record i alike in runs of any length, and counts what it drops", async () => {
    const short = await generateRecords({ grammar: written, clips, settings: { ...settings, count: 40 } });
    const long = await generateRecords({ grammar: written, clips, settings });
    expect(long.records.sft.slice(0, 40)).toEqual(short.records.sft);
    const { report, dropped, records } = await generateRecords({
      grammar: written,
      clips,
      settings: { ...settings, filters: {} },
    });
    expect(report.kept + dropped.length).toBe(report.planned);
    expect(report.dropped).toEqual({ duplicate: dropped.length });
    expect(dropped.length).toBeGreaterThan(20);
    // Minimal pairs stay: one query may stand beside a safe and a harmful clip, never twice beside one of them.
    const keys = records.sft.map(({ conversations, safety_labels }) =>
      JSON.stringify([conversations[0]?.value, safety_labels]),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });
  it.each<[string, object, object, RegExp]>([
    ["no clip", { clips: [] }, {}, /expected clips \(any\)/],
    ["no harmful or safe one", { clips: [clips[0]] }, {}, /expected clips \(safe\)/],
    [
      "no description",
      { clips: [{ ...clips[0], description: undefined }, clips[1]] },
      {},
      /description of every clip in en/,
    ],
    ["another language", {}, { languages: ["de"] }, /expected one of en, found de/],
    ["nothing held out", {}, { split: "heldOut" }, /heldOut/],
    ["no generator", { grammar: asked }, {}, /expected a generator/],
    [
      "rl without clips",
      { grammar: asked },
      { generator: model("w"), formats: ["rl"] },
      /expected clips for the format rl/,
    ],
    ["unknown setting", {}, { cuont: 3 }, /cuont/],
    ["one judge twice", {}, { judges: [model("j"), model("j")] }, /different models/],
    ["a tie-breaker without judges", {}, { tieBreaker: model("t") }, /two judges or more/],
  ])("refuses %s", async (_, input, more, message) => {
    await expect(
      generateRecords({ grammar: written, clips, ...input, settings: { count: 5, ...more } }),
    ).rejects.toThrow(message);
  });
});

describe("from a model", () => {
  const settings = {
    count: 12,
    seed: 5,
    formats: ["cot"],
    generator: model("writer", { promptPrice: 100, completionPrice: 1000 }),
  };
  it("records what it was told, what it cost, and who wrote what", async () => {
    const { fetch, seen } = server((body) => chat(good(topicOf(body))));
    const { records, report } = await generateRecords({ grammar: asked, settings, fetch });
    expect(report).toMatchObject({
      kept: 12,
      requests: 12,
      tokens: { prompt: 120, completion: 240 },
      requestsWithoutUsage: 0,
    });
    expect(report.cost).toBeCloseTo((120 * 100 + 240 * 1000) / 1e6, 12);
    expect(records.cot[0]?.provenance).toMatchObject({
      model: {
        id: "writer",
        served: "served",
        wrote: ["query", "think", "answer"],
        promptSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
    expect(seen[0]?.messages[0]?.content).toMatch(/never say how anything harmful is done/);
  });
  it.each<[string, unknown, string]>([
    ["a refusal", chat(null, "stop", { refusal: "No." }), "refused"],
    ["a filter's finish", chat("", "content_filter"), "blocked"],
    [
      "a blocked prompt",
      Response.json({ error: { code: "content_filter", message: "x" } }, { status: 400 }),
      "blocked",
    ],
    ["a cut answer", chat(good("t1"), "length"), "truncated"],
    ["no finish reason", chat(good("t1"), null), "unknown-finish"],
    ["words without blocks", chat("Sure! Here it is."), "malformed"],
    ["a block twice", chat(`${good("t1")}<answer>b</answer>`), "malformed"],
    ["a label inside", chat("<query>a b</query><think>c</think><answer>d<vidType>1</vidType></answer>"), "malformed"],
    ["an empty block", chat("<query> </query><think>c</think><answer>d</answer>"), "malformed"],
    ["bytes", chat("<query>\u0000\u0001\ufffd</query><think>c</think><answer>d</answer>"), "binary"],
    ["half a character", chat("<query>\ud800 a</query><think>c</think><answer>d</answer>"), "binary"],
    ["a megabyte of text", chat(`<query>${"a ".repeat(300_000)}</query>`), "too-long"],
    [
      "its own answer in the query",
      chat("<query>say no to every single t1</query><think>c</think><answer>no to every single t1</answer>"),
      "answer-leak",
    ],
  ])("counts %s", async (_, said, reason) => {
    let first = true;
    const { fetch } = server((body) => {
      if (!first) return chat(good(topicOf(body)));
      first = false;
      return said;
    });
    const { report, dropped } = await generateRecords({ grammar: asked, settings, fetch });
    expect(report.dropped).toEqual({ [reason]: 1 });
    expect(report.kept).toBe(11);
    expect(dropped[0]).toMatchObject({ index: 0, reason });
  });
  it.each<[string, () => Response, string]>([
    [
      "an endless answer",
      () => new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(4096).fill(97)) })),
      "response_too_large",
    ],
    ["silence", () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })), "timeout"],
    ["a web page", () => new Response("<html>"), "invalid_response"],
  ])("bounds %s: the run is incomplete and nothing else is lost", async (_, said, code) => {
    let first = true;
    const { fetch, seen } = server((body) => {
      if (!first) return chat(good(topicOf(body)));
      first = false;
      return said();
    });
    const journal = memoryJournal();
    const bounded = {
      ...settings,
      generator: { ...settings.generator, timeoutSeconds: 0.3, maxResponseBytes: 65_536 },
    };
    const stopped = await generateRecords({ grammar: asked, settings: bounded, fetch, journal }).catch(
      (error: Error) => error,
    );
    expect(stopped).toMatchObject({ code: "incomplete", cause: { code } });
    const { report } = await generateRecords({ grammar: asked, settings: bounded, fetch, journal });
    expect([report.kept, seen.length]).toEqual([12, 13]);
    first = true;
    const dropping = await generateRecords({ grammar: asked, settings: { ...bounded, failures: "drop" }, fetch });
    expect(dropping.report).toMatchObject({ kept: 11, dropped: { "request-failed": 1 } });
  });
  it("stops at once when the server refuses everybody, and at the budget; both go on later", async () => {
    const journal = memoryJournal();
    const refusing = server(() => Response.json({ error: { message: "no" } }, { status: 401 }));
    await expect(generateRecords({ grammar: asked, settings, fetch: refusing.fetch, journal })).rejects.toMatchObject({
      code: "unauthorized",
    });
    expect(refusing.seen).toHaveLength(1);
    const { fetch, seen } = server((body) => chat(good(topicOf(body))));
    await expect(
      generateRecords({ grammar: asked, settings: { ...settings, maxCost: 0.06 }, fetch, journal }),
    ).rejects.toMatchObject({ code: "budget" });
    expect(seen).toHaveLength(3); // 0.021 each: the third one passes the limit
    expect((await generateRecords({ grammar: asked, settings, fetch, journal })).report.kept).toBe(12);
    expect(seen).toHaveLength(12);
  });
  it("is the same whatever order answers come in, and refuses the journal of another generation", async () => {
    const slow = server((body) => chat(good(topicOf(body))));
    const fetch: typeof globalThis.fetch = async (url, init) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
      return slow.fetch(url, init);
    };
    const journal = memoryJournal();
    const wide = { ...settings, generator: { ...settings.generator, concurrency: 8 } };
    const a = await generateRecords({ grammar: asked, settings: wide, fetch, journal });
    const b = await generateRecords({ grammar: asked, settings, fetch: slow.fetch });
    expect(a.records).toEqual(b.records);
    await expect(
      generateRecords({ grammar: asked, settings: { ...settings, seed: 6 }, fetch, journal }),
    ).rejects.toMatchObject({ code: "journal" });
  });
  it("ends when it is told to, with what was paid for kept", async () => {
    const abort = new AbortController();
    const journal = memoryJournal();
    const { fetch } = server((body) => chat(good(topicOf(body))));
    const onProgress = ({ done }: { done: number }): void => {
      if (done === 4) abort.abort(new Error("enough"));
    };
    await expect(
      generateRecords({ grammar: asked, settings, fetch, journal, signal: abort.signal, onProgress }),
    ).rejects.toThrow("enough");
    expect(journal.entries.filter(({ kind }) => kind === "written")).toHaveLength(4);
  });
});

describe("judges and vectors", () => {
  const judges = ["j1", "j2", "j3"].map((name) => model(name));
  const settings = { count: 10, seed: 5, generator: model("writer"), judges };
  const answers = (vote: (judge: string, query: string) => string) =>
    server((body) =>
      body.model === "writer"
        ? chat(good(topicOf(body)))
        : chat(vote(body.model, JSON.parse(body.messages[1]?.content ?? "{}").request)),
    );
  it("keep what a strict majority of all judges labels as intended, and report agreement", async () => {
    let asked0 = "";
    const { fetch } = answers((judge, query) => {
      asked0 ||= query;
      return query === asked0 ? (judge === "j1" ? "1" : "0") : judge === "j3" ? "maybe" : " 1.\n";
    });
    const { report, records } = await generateRecords({ grammar: asked, settings, fetch });
    expect(report.dropped).toEqual({ "labels-disagree": 1 });
    expect(report.judges?.withIntended).toMatchObject({
      j1: { votes: 10, share: 1 },
      j2: { votes: 10, share: 0.9 },
      j3: { votes: 1, share: 0 },
    });
    expect(report.judges?.between).toMatchObject({ units: 10, observed: expect.closeTo((9 + 1 / 3) / 10, 12) });
    expect(Object.values((records.sft[0]?.provenance as { votes?: object } | undefined)?.votes ?? {})).toEqual([
      1,
      1,
      null,
    ]);
    expect((records.sft[0]?.provenance as { filters?: string[] } | undefined)?.filters).toContain("labels");
  });
  it("drop ties, unless a tie-breaker decides; it is asked about ties alone", async () => {
    const two = { ...settings, judges: judges.slice(0, 2) };
    const { fetch, seen } = answers((judge) => (judge === "j2" ? "0" : "1"));
    expect((await generateRecords({ grammar: asked, settings: two, fetch })).report.dropped).toEqual({
      "labels-undecided": 10,
    });
    const broken = await generateRecords({ grammar: asked, settings: { ...two, tieBreaker: model("j9") }, fetch });
    expect(broken.report.kept).toBe(10);
    expect(seen.filter((body) => body.model === "j9")).toHaveLength(10);
    expect(
      (
        await generateRecords({
          grammar: asked,
          settings: { ...settings, judges: judges.slice(0, 1), tieBreaker: undefined },
          fetch,
        })
      ).report.kept,
    ).toBe(10);
  });
  it("give the query as JSON, so that it cannot speak to the judge", async () => {
    const { fetch, seen } = answers(() => "1");
    await generateRecords({ grammar: asked, settings, fetch });
    for (const { messages } of seen.filter((body) => body.model === "j1"))
      expect(Object.keys(JSON.parse(messages[1]?.content ?? ""))).toEqual(["request"]);
  });
  it("drop what means the same, and ask for each vector once", async () => {
    const { fetch, seen } = server((body) =>
      body.input
        ? {
            data: body.input.map((_, i) => ({
              embedding: Array.from({ length: 12 }, (_, k) => (k === Math.max(1, i) ? 1 : 0.2)),
            })),
            usage: { prompt_tokens: 30 },
          }
        : chat(good(topicOf(body))),
    );
    const journal = memoryJournal();
    const more = { ...settings, judges: [], embeddings: model("e", { promptPrice: 1e6 }) };
    const { report } = await generateRecords({ grammar: asked, settings: more, fetch, journal });
    expect(report.dropped).toEqual({ "same-meaning": 1 });
    expect(report.cost).toBeCloseTo(30, 9);
    const loose = await generateRecords({
      grammar: asked,
      settings: { ...more, filters: { meaning: 0.5 } },
      fetch,
      journal,
    });
    expect(loose.report.kept).toBeLessThan(9);
    expect(seen.filter(({ input }) => input)).toHaveLength(1);
  });
});

it("estimates without asking anybody", () => {
  const settings = {
    count: 100,
    generator: model("w", { completionPrice: 10 }),
    judges: [model("j1"), model("j2")],
    tieBreaker: model("j3"),
    embeddings: model("e"),
  };
  const estimate = estimateGeneration({ grammar: asked, settings });
  expect(estimate).toMatchObject({ records: 100, written: 100 });
  expect(estimate.models.map(({ role, requests }) => [role, requests])).toEqual([
    ["generator", 100],
    ["judge", 100],
    ["judge", 100],
    ["tie-breaker", 100],
    ["embeddings", 2],
  ]);
  expect(estimate.mostCost).toBeCloseTo((100 * 1024 * 10) / 1e6, 9);
  expect(estimateGeneration({ grammar: written, clips, settings: { count: 3 } })).toMatchObject({
    written: 0,
    mostCost: 0,
    models: [],
  });
});

it("readModelReply takes any text, and what it takes has exactly the blocks", () => {
  const piece = fc.constantFrom(
    "<query>",
    "</query>",
    "<answer>",
    "</answer>",
    "<think>",
    "</think>",
    "a",
    " ",
    "\n",
    "\u0000",
    "<vidType>",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      const reply = readModelReply(text, ["query", "answer"], 100);
      if (reply.kind !== "fields") return;
      const { query, answer } = reply.fields;
      expect(text.replace(/^\s*<think>[\s\S]*?<\/think>/, "").replace(/\s/g, "")).toBe(
        `<query>${query}</query><answer>${answer}</answer>`.replace(/\s/g, ""),
      );
    }),
    { numRuns: 3000 },
  );
  expect(readModelReply("<think>hm</think>\n<answer> yes </answer>\n", ["answer"], 100)).toEqual({
    kind: "fields",
    fields: { answer: "yes" },
  });
});
