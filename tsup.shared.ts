import { defineConfig, type Options } from "tsup";

/**
 * How every package's JavaScript is built: ES modules for Node >= 20.19. Declarations come from `tsc` (script `types`).
 * @param entry output name to source file
 */
export const modules = (entry: Record<string, string>, options: Options = {}) =>
  defineConfig({
    entry,
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
    ...options,
  });
