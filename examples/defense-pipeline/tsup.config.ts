import { defineConfig } from "tsup";

export default defineConfig({
  entry: [
    "src/main.ts",
    "src/responder.ts",
    "src/write-held-out.ts",
    "src/train-recipes.ts",
    "src/world/train-base.ts",
  ],
  format: ["esm"],
  target: "node20",
  tsconfig: "tsconfig.build.json",
  external: ["node-av", "ffmpeg-static"],
  sourcemap: true,
  clean: true,
});
