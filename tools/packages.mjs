// The workspace as the checks see it: one entry a published package, with the source file behind every export.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Packages whose main entry runs in a browser unchanged. */
export const BROWSER_PACKAGES = ["random", "endpoint", "safety-data", "alarm-tokens", "rewards", "grpo"];

/** Further entries of them that run in a browser unchanged. */
export const BROWSER_SUBPATHS = { "safety-data": ["diversity", "generate"] };

export const root = fileURLToPath(new URL("..", import.meta.url));

/** [{ name, short, folder, manifest, entries: [absolute path of src/x.ts] }] */
export function workspacePackages() {
  return readdirSync(`${root}packages`)
    .filter((short) => existsSync(`${root}packages/${short}/package.json`))
    .map((short) => {
      const folder = `${root}packages/${short}`;
      const manifest = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
      const entries = Object.keys(manifest.exports)
        .filter((key) => key !== "./package.json")
        .map((key) => `${folder}/src/${key === "." ? "index" : key.slice(2)}.ts`);
      return { name: manifest.name, short, folder, manifest, entries };
    });
}

/** Every file below `folder` whose name ends with `ending`, node_modules and dist left out. */
export function filesBelow(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory())
      return ["node_modules", "dist", ".turbo"].includes(entry.name) ? [] : filesBelow(path, ending);
    return entry.name.endsWith(ending) ? [path] : [];
  });
}

/** Prints the findings and ends the process: exit code 1 if there are any. */
export function finish(what, findings) {
  for (const finding of findings) console.error(finding);
  console.log(`${what}: ${findings.length === 0 ? "ok" : `${findings.length} findings`}`);
  process.exit(findings.length === 0 ? 0 : 1);
}
