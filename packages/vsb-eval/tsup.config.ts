import { modules } from "../../tsup.shared.js";

export default modules({
  index: "src/index.ts",
  baselines: "src/baselines.ts",
  data: "src/data.ts",
  judge: "src/judge.ts",
  stats: "src/stats.ts",
  node: "src/node.ts",
  queue: "src/queue.ts",
  cli: "src/cli-node.ts",
});
