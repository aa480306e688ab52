// `npm test`: every check of the repository, in order, each a line; the last line counts the tests.
// A failing check does not hide the ones after it, unless they need its output (the build).
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./packages.mjs";

const scratch = mkdtempSync(join(tmpdir(), "videosafety-check-"));
const counts = { passed: 0, failed: 0, skipped: 0 };
const failures = [];

function run(label, command, args) {
  const started = Date.now();
  console.log(`\n> ${label}`);
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, FORCE_COLOR: "0" },
    shell: process.platform === "win32" && command !== "node", // programs of node_modules are .cmd files there
  });
  const good = result.status === 0;
  console.log(`${good ? "ok" : "FAILED"}: ${label} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  return good;
}

function check(label, command, ...args) {
  const good = run(label, command, args);
  counts[good ? "passed" : "failed"] += 1;
  if (!good) failures.push(label);
  return good;
}

if (check("build every package (ES modules and declarations)", "turbo", "run", "build", "types")) {
  check("types of everything, tests and benches too", "tsc", "--noEmit", "-p", "tsconfig.check.json");
  check("sizes in a browser", "node", "tools/check-budgets.mjs");
  check("what an import costs", "node", "tools/check-imports.mjs");
  check("package manifests (publint, attw)", "turbo", "run", "pkgcheck");
}
check("format and lint", "biome", "ci", ".");
check("package graph", "node", "tools/check-graph.mjs");
check("docstrings", "node", "tools/check-docs.mjs");
check("paths, links and lengths of pages", "node", "tools/check-pages.mjs");
check("changesets", "changeset", "status");

const report = join(scratch, "vitest.json");
const unit = run("unit, property and golden tests", "vitest", [
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${report}`,
]);
if (!unit) failures.push("unit, property and golden tests");
if (existsSync(report)) {
  const results = JSON.parse(readFileSync(report, "utf8"));
  counts.passed += results.numPassedTests;
  counts.failed += results.numFailedTests;
  counts.skipped += results.numPendingTests + results.numTodoTests;
  if (!unit && results.numFailedTests === 0) counts.failed += 1;
} else counts.failed += 1;

check("packed packages in a fresh consumer, README snippets", "node", "tools/check-consumer.mjs");
check("shortened defense pipeline, end to end, killed and resumed", "node", "tools/check-pipeline.mjs");

rmSync(scratch, { recursive: true, force: true });
if (failures.length > 0) console.log(`\nfailed: ${failures.join("; ")}`);
console.log(`\ntests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(failures.length === 0 ? 0 : 1);
