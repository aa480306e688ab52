import { defineConfig } from "tsup";

/**
 * How every package's JavaScript is built: one ES module per source file, for Node >= 20.19 and bundlers, so that a user of one function
 * bundles what that function needs. Declarations come from `tsc` (script `types`).
 */
export default defineConfig({
  entry: ["src/**/*.ts", "!src/**/*.test.ts"],
  bundle: false,
  format: ["esm"],
  target: "node20",
  tsconfig: "tsconfig.build.json",
  dts: false,
  sourcemap: true,
  esbuildOptions(esbuild) {
    // `src` is published beside the maps.
    esbuild.sourcesContent = false;
  },
  clean: true,
  silent: true,
});
