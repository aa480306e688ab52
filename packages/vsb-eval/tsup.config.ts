import { defineConfig } from "tsup";

const shared = { target: "node20", tsconfig: "tsconfig.build.json", sourcemap: true } as const;

export default defineConfig([
  {
    ...shared,
    entry: ["src/index.ts", "src/node.ts", "src/queue.ts"],
    format: ["esm", "cjs"],
    dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
    shims: true,
    clean: true,
  },
  { ...shared, entry: { cli: "src/cli-node.ts" }, format: ["esm"] },
]);
