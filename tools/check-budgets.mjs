// What a page pays: bytes after gzip of each browser entry, whole and of one function, bundled and minified from the built packages; and
// that the bundle holds no Node built-in. Run `pnpm build` first.
import { builtinModules } from "node:module";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { BROWSER_PACKAGES, BROWSER_SUBPATHS, finish, root, workspacePackages } from "./packages.mjs";

/** Bytes after gzip. zod/mini, which reads options, is 7,000 of them; zod itself would be 23,000. */
const ENTRY = 45_000;
/** An entry that asks servers brings endpoint's client, and its schema names defaults at length. */
const ENTRY_WITH_CLIENT = 55_000;
const ONE_FUNCTION = 12_000;
/** The function that a user of one thing would import. */
const oneFunction = {
  random: "createRng",
  endpoint: "chatCompletion",
  "safety-data": "parseTaggedCompletion",
  "alarm-tokens": "placeAlarms",
  rewards: "rouge",
  grpo: "computeAdvantages",
};

const findings = [];
const builtins = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

async function gzipped(code, folder) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: folder, loader: "js" },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const node = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter(({ path }) => builtins.has(path)).map(({ path }) => path),
  );
  return { bytes: gzipSync(outputFiles[0].contents, { level: 9 }).length, node };
}

const rows = [];
for (const { short, name } of workspacePackages().filter(({ short }) => BROWSER_PACKAGES.includes(short))) {
  const folder = `${root}packages/${short}`;
  const only = oneFunction[short];
  if (!only) {
    findings.push(`${name}: name one function of it in tools/check-budgets.mjs`);
    continue;
  }
  try {
    const entry = await gzipped(`export * from "${folder}/dist/index.js";`, folder);
    const one = await gzipped(`export { ${only} } from "${folder}/dist/index.js";`, folder);
    rows.push(`${name}: entry ${(entry.bytes / 1000).toFixed(1)} kB, ${only} ${(one.bytes / 1000).toFixed(1)} kB`);
    if (entry.bytes > ENTRY) findings.push(`${name}: the entry is ${entry.bytes} bytes after gzip, at most ${ENTRY}`);
    if (one.bytes > ONE_FUNCTION)
      findings.push(`${name}: ${only} alone is ${one.bytes} bytes after gzip, at most ${ONE_FUNCTION}`);
    for (const subpath of BROWSER_SUBPATHS[short] ?? []) {
      const more = await gzipped(`export * from "${folder}/dist/${subpath}.js";`, folder);
      rows.push(`${name}/${subpath}: ${(more.bytes / 1000).toFixed(1)} kB`);
      const limit = subpath === "generate" ? ENTRY_WITH_CLIENT : ENTRY;
      if (more.bytes > limit) findings.push(`${name}/${subpath}: ${more.bytes} bytes after gzip, at most ${limit}`);
      for (const path of new Set(more.node)) findings.push(`${name}/${subpath}: the browser bundle imports ${path}`);
    }
    for (const path of new Set(entry.node)) findings.push(`${name}: the browser bundle imports ${path}`);
  } catch (error) {
    findings.push(`${name}: does not bundle for a browser: ${error.message.slice(0, 400)}`);
  }
}
for (const row of rows) console.log(row);
finish("budgets", findings);
