import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/cli-node.ts", "src/browser.ts", "src/sampler-child-node.ts"],
  splitting: true,
  // tsup leaves out dependencies and peers by itself, optional dependencies not.
  external: [/^node-av/, "ffmpeg-static"],
  format: ["esm", "cjs"],
  target: "node20",
  tsconfig: "tsconfig.build.json",
  dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
  shims: true,
  sourcemap: true,
  clean: true,
});
