// Compiles src/wasm/log-softmax.wat into src/wasm/log-softmax-wasm.ts (base64, committed). Run after changing the .wat:
//   npm install --prefix <folder> wabt@1.0.39 && WABT_FROM=<folder>/package.json node packages/grpo/tools/build-wasm.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const folder = new URL("../src/wasm/", import.meta.url);
const wabt = await createRequire(process.env.WABT_FROM ?? import.meta.url)("wabt")();
const source = readFileSync(new URL("log-softmax.wat", folder), "utf8");
const { buffer } = wabt.parseWat("log-softmax.wat", source, { simd: true }).toBinary({});
const text = Buffer.from(buffer).toString("base64");
writeFileSync(
  new URL("log-softmax-wasm.ts", folder),
  `/** log-softmax.wat, compiled by tools/build-wasm.mjs (${buffer.length} bytes). */\nexport const LOG_SOFTMAX_WASM =\n  "${text}";\n`,
);
