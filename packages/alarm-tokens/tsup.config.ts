import { modules } from "../../tsup.shared.js";

export default modules({
  index: "src/index.ts",
  train: "src/train.ts",
  plots: "src/plots.ts",
});
