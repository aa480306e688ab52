import { defineConfig } from "tsup";

export default defineConfig([
  {
    entry: ["src/index.ts", "src/server.ts"],
    format: ["esm", "cjs"],
    target: "node20",
    tsconfig: "tsconfig.build.json",
    dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
    shims: true,
    sourcemap: true,
  },
  // Programs, not libraries: the worker thread that the server starts, and the command line.
  {
    entry: ["src/reward-worker-node.ts", "src/cli-node.ts"],
    format: ["esm"],
    target: "node20",
    tsconfig: "tsconfig.build.json",
    sourcemap: true,
  },
]);
