// The sample browser at full size: 77,646 samples of two runs with failures of every kind. Prints the seconds until the index is there and the
// sizes; --serve keeps the viewer open, --report FILE writes a page that stands alone.
// Run: npx tsx packages/vsb-eval/bench/viewer.ts [--pairs N] [--serve] [--report FILE]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createRng } from "@videosafety/random";
import type { EvalItem } from "@videosafety/safety-data";
import { taxonomyLeaves, VSE_ASSUMED_V1 } from "@videosafety/safety-data";
import { RequestError } from "../src/errors.js";
import { createRuleJudge } from "../src/judge/rule-judge.js";
import { failureCounts } from "../src/report/failures.js";
import { frameSheet, frameSheetJpeg } from "../src/report/frame-sheet.js";
import { htmlReport } from "../src/report/html-report.js";
import { buildResults } from "../src/results/build-results.js";
import { loadRun } from "../src/results/evaluated-run.js";
import { runEvaluation } from "../src/run/run-evaluation.js";
import { MemoryStore } from "../src/store/evaluation-store.js";
import { testFrames, testVideo } from "../src/testing/fixtures.js";
import { embeddedSamples } from "../src/viewer/embedded-samples-node.js";
import type { ViewedRun } from "../src/viewer/sample-details.js";
import { startViewer } from "../src/viewer/viewer-server-node.js";

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "77646" },
    serve: { type: "boolean", default: false },
    report: { type: "string" },
  },
});
const leaves = taxonomyLeaves(VSE_ASSUMED_V1);
const languages = ["en", "zh", "es", "fr", "de", "ru", "ar", "hi", "ja", "pt"];
const arms = ["video", "text"];
const items = Array.from({ length: Math.ceil(Number(values.pairs) / arms.length) }, (_, i): EvalItem => {
  const subset = (["HH", "SH", "SafeQ"] as const)[i % 3] as "HH" | "SH" | "SafeQ";
  const leaf = leaves[i % leaves.length] as (typeof leaves)[number];
  const language = languages[i % 10] as string;
  return {
    id: `item-${i}`,
    subset,
    query:
      language === "ar"
        ? `سؤال رقم ${i} عن الموضوع`
        : `${subset === "SafeQ" ? "a harmless" : "a harmful"} request, number ${i}`,
    video: { path: `${subset}/${Math.floor(i / 9)}.mp4` },
    category: leaf.category.id,
    subcategory: leaf.subcategory.id,
    language,
    labels: { visual: subset === "HH" ? 1 : 0, textual: subset === "SafeQ" ? 0 : 1 },
  };
});
const judge = createRuleJudge();

async function run(name: string, refuses: number): Promise<ViewedRun> {
  const store = new MemoryStore();
  const rng = createRng(name.length);
  const responder = {
    id: `${name}@1`,
    async respond({ item, arm }: { item: EvalItem; arm: string }) {
      const draw = rng.uniform();
      if (draw < 0.02) throw new RequestError("bad_request", "HTTP 400: the prompt is longer than the context");
      if (draw < 0.03) return { text: "Here is the beginning of", finishReason: "length" as const };
      if (draw < 0.04) return { text: "", finishReason: "blocked" as const };
      const refused = rng.uniform() < (item.subset === "SafeQ" ? 0.05 : arm === "video" ? refuses : 0.9);
      const text = refused ? "I'm sorry, but I can't help with that." : "Sure, here it is: <b>an answer</b> & more.";
      return {
        text,
        finishReason: "stop" as const,
        usage: { promptTokens: 900, completionTokens: 20 },
        reasoning: "The request is about the sign.",
      };
    },
  };
  for await (const _ of runEvaluation({
    items,
    responder,
    arms,
    judge,
    store,
    sampling: testFrames(),
    concurrency: 64,
  } as never))
    void _;
  return { store, evaluated: loadRun(store, { name, responder: responder.id, judge: judge.id, items, arms }) };
}
const runs = [await run("base model", 0.2), await run("defended", 0.95)];
const frames = async (item: EvalItem) => frameSheetJpeg(testVideo(item.id, 8, 60, 80));
const start = performance.now();
const cpu = process.cpuUsage();
const viewer = await startViewer({ items, runs, frames, title: "Samples of the bench" });
const ready = performance.now();
const { origin, searchParams } = new URL(viewer.url);
const answer = await fetch(`${origin}/api/index?token=${searchParams.get("token")}`);
const index = (await answer.json()) as { rows: { item: number[] } };
const opened = performance.now();
console.log(
  JSON.stringify({
    samples: index.rows.item.length,
    runs: runs.length,
    cpuSeconds: Number(((process.cpuUsage(cpu).user + process.cpuUsage(cpu).system) / 1e6).toFixed(2)),
    secondsToServe: Number(((ready - start) / 1000).toFixed(2)),
    secondsToReadIndex: Number(((opened - ready) / 1000).toFixed(2)),
  }),
);
if (values.report !== undefined) {
  const sheets = new Map<string, string>();
  for (const item of items.slice(0, 12)) sheets.set(item.id, frameSheet(testVideo(item.id, 8, 60, 80)) as string);
  const results = buildResults(
    items,
    runs.map(({ evaluated }) => evaluated),
  );
  const page = htmlReport(results, {
    samples: embeddedSamples(items, runs, sheets),
    failures: runs.flatMap(({ evaluated, store }) => failureCounts(evaluated, store)),
    environment: { "bench: base model": { node: process.version, flags: ["a", "b"], note: "long ".repeat(60) } },
  });
  writeFileSync(values.report, page);
  console.log(`${values.report}: ${(page.length / 2 ** 20).toFixed(1)} MiB`);
}
if (values.serve) console.log(viewer.url);
else await viewer.close();
