import { modules } from "../../tsup.shared.js";

export default modules(
  {
    main: "src/main.ts",
    responder: "src/responder.ts",
    "write-held-out": "src/write-held-out.ts",
    "train-recipes": "src/train-recipes.ts",
  },
  { external: ["node-av", "ffmpeg-static"] },
);
