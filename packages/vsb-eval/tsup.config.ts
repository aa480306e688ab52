import { modules } from "../../tsup.shared.js";

export default modules({
  index: "src/index.ts",
  node: "src/node.ts",
  queue: "src/queue.ts",
  cli: "src/cli-node.ts",
});
