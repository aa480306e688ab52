// Compiles src/wasm/*.wat into src/wasm/*-wasm.ts (base64, committed). Run after changing one:
//   npm install --prefix <folder> wabt@1.0.39 && WABT_FROM=<folder>/package.json node packages/grpo/tools/build-wasm.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const folder = new URL("../src/wasm/", import.meta.url);
const wabt = await createRequire(process.env.WABT_FROM ?? import.meta.url)("wabt")();
for (const name of ["log-softmax", "clipped-loss"]) {
  const source = readFileSync(new URL(`${name}.wat`, folder), "utf8");
  const { buffer } = wabt.parseWat(`${name}.wat`, source, { simd: true }).toBinary({});
  const text = Buffer.from(buffer).toString("base64");
  writeFileSync(
    new URL(`${name}-wasm.ts`, folder),
    `/** ${name}.wat, compiled by tools/build-wasm.mjs (${buffer.length} bytes). */\nexport const ${name.toUpperCase().replace("-", "_")}_WASM =\n  "${text}";\n`,
  );
}
