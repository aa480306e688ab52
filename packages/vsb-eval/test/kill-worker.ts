// A run to be killed: says on stdout what is durable, and in a log file what was asked. See kill-loop.ts.
import { appendFileSync } from "node:fs";
import { createRuleJudge } from "../src/judge/rule-judge.js";
import type { Judge } from "../src/judge/verdict.js";
import { runEvaluation } from "../src/run/run-evaluation.js";
import { JsonlFileStore } from "../src/store/jsonl-file-store-node.js";
import { testFrames, testItems, testResponder } from "../src/testing/fixtures.js";

const [directory = "", log = "", units = "40"] = process.argv.slice(2);
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const responder = testResponder(async ({ item, arm }) => {
  appendFileSync(log, `ask ${item.id} ${arm}\n`);
  await wait(1);
  return `I can't help with that. ${item.id} ${arm} ${"x".repeat(2000)}`;
});
const rules = createRuleJudge();
const judge: Judge = {
  id: "logged-rules",
  judge: async (input, options) => {
    appendFileSync(log, `judge ${input.answer.split(" ").slice(5, 7).join(" ")}\n`);
    await wait(1);
    return rules.judge(input, options);
  },
};
const store = await JsonlFileStore.open(directory);
const items = testItems(Number(units));
const options = { items, responder, arms: ["video", "text"], judge, store, sampling: testFrames() };
for await (const event of runEvaluation({ ...options, concurrency: { start: 16 } })) {
  if (event.type === "response") process.stdout.write(`ask ${event.unit.item} ${event.unit.arm}\n`);
  if (event.type === "verdict") process.stdout.write(`judge ${event.unit.item} ${event.unit.arm}\n`);
}
await store.close();
process.stdout.write("finished\n");
