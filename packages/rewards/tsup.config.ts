import { modules } from "../../tsup.shared.js";

export default modules({
  index: "src/index.ts",
  server: "src/server.ts",
  "reward-worker-node": "src/server/reward-worker-node.ts",
  "cli-node": "src/cli/cli-node.ts",
});
