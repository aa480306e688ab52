// Holds the package graph of ARCHITECTURE.md against the code: allowed imports, no circles of files (imports of types count too),
// folders that import only what is declared below them, Node built-ins only in `*-node.ts`, nothing browser-hostile behind the entry points
// that promise to run in a browser, no crowded folder and no endless file.
import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, relative, resolve } from "node:path";
import ts from "typescript-api";
import { BROWSER_PACKAGES, BROWSER_SUBPATHS, filesBelow, finish, root, workspacePackages } from "./packages.mjs";

/** package -> what any of its files may import; `apart` lists what only an entry beside the main one may reach (`./train`, `./generate`). */
const allowed = {
  random: { any: [] },
  "safety-data": { any: ["random"], apart: ["endpoint"] },
  endpoint: { any: [] },
  "video-sampler": { any: ["random"] },
  "onnx-autodiff": { any: ["random"] },
  "alarm-tokens": { any: ["random", "safety-data"], apart: ["onnx-autodiff"] },
  "video-llm": { any: ["random", "video-sampler", "alarm-tokens", "onnx-autodiff", "safety-data", "endpoint"] },
  rewards: { any: ["safety-data", "endpoint"] },
  grpo: { any: ["random"], apart: ["onnx-autodiff", "endpoint"] },
  "vsb-eval": { any: ["random", "safety-data", "video-sampler", "endpoint"] },
  defense: {
    any: [
      ...["random", "safety-data", "endpoint", "video-sampler", "onnx-autodiff"],
      ...["alarm-tokens", "video-llm", "rewards", "grpo", "vsb-eval"],
    ],
  },
};
/**
 * Folders of `src`, from the bottom up: a file may import from folders that stand before its own. Files directly in `src` (errors at the
 * bottom, entries at the top) are free. Packages without a row are free too.
 */
const folderOrder = {
  grpo: ["wasm", "config", "advantages", "loss", "diagnostics", "training", "report"],
  "alarm-tokens": ["labels", "model", "placement", "embeddings", "loss", "analysis", "plots", "guard", "training"],
  defense: [
    ...["command", "run-file", "model", "records", "features", "progress", "train", "evaluate", "sweep", "report"],
    ...["guard", "ask", "doctor", "cli"],
  ],
  endpoint: ["address", "failures", "testing", "transport", "chat", "embeddings", "serving"],
  "onnx-autodiff": ["train", "io", "ops", "nn", "rules", "onnx"],
  rewards: ["text", "scores", "compose", "server", "cli"],
  "safety-data": [
    ...["agreement", "taxonomy", "text", "records", "jsonl", "diversity", "grammar", "filters", "generate", "cli"],
  ],
  "video-llm": [
    ...["config", "files", "hub", "vision", "weights", "graph", "prompt", "passes", "generation", "model", "remote"],
    ...["checkpoint", "doctor"],
  ],
  "video-sampler": [
    ...["video", "model-inputs", "plan", "blind-spots", "picture", "parity", "source", "decode", "sample", "cli"],
  ],
};
/** Most files loose in a source folder, tests apart; most lines of a file unless it states a reason in a line `// long: ...`. */
const MOST_FILES = 15;
const MOST_LINES = 300;

const findings = [];
const builtins = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));
const show = (path) => relative(root, path);

/** [{ specifier, typeOnly }] of a file: static imports and re-exports, and dynamic imports. */
function importsOf(file) {
  const text = readFileSync(file, "utf8");
  const typeOnly = new Set();
  for (const statement of ts.createSourceFile(file, text, ts.ScriptTarget.Latest).statements) {
    const types = ts.isImportDeclaration(statement)
      ? statement.importClause?.isTypeOnly
      : ts.isExportDeclaration(statement) && statement.isTypeOnly;
    if (types && statement.moduleSpecifier) typeOnly.add(statement.moduleSpecifier.text);
  }
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) => ({ specifier: fileName, typeOnly: typeOnly.has(fileName) }));
}

function localTarget(file, specifier) {
  const base = resolve(dirname(file), specifier).replace(/\.(js|ts)$/, "");
  return [`${base}.ts`, `${base}/index.ts`].find(existsSync);
}

for (const { short, folder, manifest, entries } of workspacePackages()) {
  const rules = allowed[short];
  if (!rules) {
    findings.push(`packages/${short}: not in the table of tools/check-graph.mjs and ARCHITECTURE.md; add it to both`);
    continue;
  }
  const graph = new Map();
  const declared = new Set(
    [manifest.dependencies, manifest.optionalDependencies, manifest.peerDependencies].flatMap((group) =>
      Object.keys(group ?? {}),
    ),
  );
  for (const file of filesBelow(`${folder}/src`, ".ts")) {
    if (file.endsWith(".test.ts")) continue;
    const edges = { all: [], local: [], outside: [] };
    for (const { specifier, typeOnly } of importsOf(file)) {
      if (specifier.startsWith(".")) {
        const target = localTarget(file, specifier);
        if (!target) continue;
        edges.all.push(target);
        // Types are erased: they reach nothing at run time.
        if (!typeOnly) edges.local.push(target);
        continue;
      }
      edges.outside.push(specifier);
      if (builtins.has(specifier)) {
        if (!/-node\.ts$/.test(file))
          findings.push(
            `${show(file)}: imports ${specifier}, but only files named *-node.ts may import Node built-ins`,
          );
        continue;
      }
      const name = specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/");
      if (!declared.has(name))
        findings.push(`${show(file)}: imports ${name}, which packages/${short}/package.json does not declare`);
      const sibling = name.startsWith("@videosafety/") ? name.slice("@videosafety/".length) : undefined;
      if (sibling && ![...rules.any, ...(rules.apart ?? [])].includes(sibling)) {
        findings.push(`${show(file)}: ${short} may not import ${sibling} (ARCHITECTURE.md, "Packages")`);
      }
    }
    graph.set(file, edges);
  }

  // Cycles between the files of a package.
  const state = new Map();
  const visit = (file, path) => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      findings.push(`import cycle: ${[...path.slice(path.indexOf(file)), file].map(show).join(" -> ")}`);
      return;
    }
    state.set(file, "open");
    for (const next of graph.get(file)?.all ?? []) visit(next, [...path, file]);
    state.set(file, "done");
  };
  for (const file of graph.keys()) visit(file, []);

  const order = folderOrder[short];
  const folderOf = (file) => /^src\/([^/]+)\//.exec(relative(folder, file))?.[1];
  const loose = new Map();
  for (const [file, { all }] of graph) {
    const here = folderOf(file);
    loose.set(dirname(file), (loose.get(dirname(file)) ?? 0) + 1);
    const text = readFileSync(file, "utf8");
    const lines = text.trimEnd().split("\n").length;
    if (lines > MOST_LINES && !/^\/\/ long: \S/m.test(text))
      findings.push(
        `${show(file)}: ${lines} lines, at most ${MOST_LINES}: divide it, or state a reason (// long: ...)`,
      );
    if (!order || !here) continue;
    if (!order.includes(here))
      findings.push(`${show(file)}: folder ${here} is not in folderOrder of tools/check-graph.mjs`);
    for (const target of all) {
      const there = folderOf(target);
      if (there && there !== here && order.indexOf(there) > order.indexOf(here))
        findings.push(`${show(file)}: ${here}/ stands below ${there}/ and may not import ${show(target)}`);
    }
  }
  for (const [place, count] of loose)
    if (count > MOST_FILES)
      findings.push(`${show(place)}: ${count} files, at most ${MOST_FILES}: divide it by what they do`);

  const reach = (start) => {
    const seen = new Set();
    const walk = (file) => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const next of graph.get(file)?.local ?? []) walk(next);
    };
    walk(start);
    return [...seen];
  };
  const main = entries.find((entry) => entry.endsWith("/src/index.ts"));
  for (const file of reach(main)) {
    for (const sibling of rules.apart ?? []) {
      if ((graph.get(file)?.outside ?? []).some((specifier) => specifier.startsWith(`@videosafety/${sibling}`))) {
        findings.push(`${show(file)}: the main entry of ${short} reaches ${sibling}; only an entry beside it may`);
      }
    }
    if (BROWSER_PACKAGES.includes(short) && file.endsWith("-node.ts")) {
      findings.push(`${show(file)}: reached from the main entry of ${short}, which must run in a browser`);
    }
  }
  for (const subpath of BROWSER_SUBPATHS[short] ?? [])
    for (const file of reach(`${folder}/src/${subpath}.ts`))
      if (file.endsWith("-node.ts"))
        findings.push(`${show(file)}: reached from ./${subpath} of ${short}, which must run in a browser`);
}

// Cycles between packages cannot be expressed in `allowed` without being seen here.
const order = [];
const mark = new Map();
const visitPackage = (short, path) => {
  if (mark.get(short) === "done") return;
  if (mark.get(short) === "open") {
    findings.push(`package cycle: ${[...path, short].join(" -> ")}`);
    return;
  }
  mark.set(short, "open");
  for (const next of [...allowed[short].any, ...(allowed[short].apart ?? [])]) visitPackage(next, [...path, short]);
  mark.set(short, "done");
  order.push(short);
};
for (const short of Object.keys(allowed)) visitPackage(short, []);

finish("package graph", findings);
