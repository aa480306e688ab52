import { modules } from "../../tsup.shared.js";

export default modules(
  {
    index: "src/index.ts",
    browser: "src/browser.ts",
    "cli-node": "src/cli/cli-node.ts",
    "sampler-child-node": "src/sample/sampler-child-node.ts",
  },
  {
    // tsup leaves out dependencies and peers by itself, optional dependencies not.
    external: [/^node-av/, "ffmpeg-static"],
  },
);
