import { modules } from "../../tsup.shared.js";

export default modules({
  main: "src/main.ts",
  ablate: "src/ablate.ts",
});
