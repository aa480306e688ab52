import { modules } from "../../tsup.shared.js";

export default modules(
  { index: "src/index.ts", "train-base": "src/base/train-base.ts" },
  { external: ["node-av", "ffmpeg-static"] },
);
