// One worker of queue-check.ts; ends when it is told to on stdin.
import { appendFileSync } from "node:fs";
import { createRuleJudge } from "../src/judge/rule-judge.js";
import { startWorker } from "../src/queue/queue-worker-node.js";
import { JsonlFileStore } from "../src/store/jsonl-file-store-node.js";
import { testFrames, testItems, testResponder } from "../src/testing/fixtures.js";

const [url = "", directory = "", log = "", count = "1"] = process.argv.slice(2);
const responder = testResponder(async ({ item, arm }) => {
  appendFileSync(log, `${item.id} ${arm}\n`);
  await new Promise((resolve) => setTimeout(resolve, 20));
  return "I can't help with that.";
});
const store = await JsonlFileStore.open(directory);
const items = testItems(Number(count));
const evaluation = {
  items,
  responder,
  arms: ["video", "text"],
  judge: createRuleJudge(),
  store,
  sampling: testFrames(),
};
const worker = await startWorker({
  url,
  queue: "check",
  evaluation,
  concurrency: 4,
  lockMs: 2000,
  maxStalledCount: 20,
});
process.stdin.once("data", async () => {
  await worker.close();
  await store.close();
  process.exit(0);
});
