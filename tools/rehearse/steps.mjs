// Small steps of a rehearsal: run a program, read what a README shows, count what was installed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

/** Runs a program; its output on failure is in the thrown error. */
export function run(program, args, options = {}) {
  const result = spawnSync(program, args, { encoding: "utf8", timeout: 600_000, maxBuffer: 2 ** 28, ...options });
  if (result.status === 0) return result.stdout;
  const said = `${result.error?.message ?? ""}${result.stdout ?? ""}${result.stderr ?? ""}`.trim();
  throw new Error(`${[program, ...args].join(" ")}: exit ${result.status ?? result.signal}\n${said.slice(-3000)}`);
}

/** Writes a file and the folders above it. */
export function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** The TypeScript blocks of a page that it promises to run. */
export function snippets(page) {
  return [...readFileSync(page, "utf8").matchAll(/^```ts([^\n]*)\n([\s\S]*?)^```/gm)]
    .filter(([, flags]) => !flags.includes("no-run"))
    .map(([, , code]) => code);
}

/** Folders of packages below node_modules, and their bytes. */
export function installed(folder) {
  let packages = 0;
  let bytes = 0;
  const walk = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inner = join(path, entry.name);
      if (entry.isSymbolicLink()) continue;
      if (!entry.isDirectory()) {
        bytes += statSync(inner).size;
        continue;
      }
      if (/[\\/]node_modules([\\/]@[^\\/]+)?$/.test(path) && existsSync(join(inner, "package.json"))) packages += 1;
      walk(inner);
    }
  };
  walk(join(folder, "node_modules"));
  return { packages, megabytes: Math.round(bytes / 1e5) / 10 };
}

/** Every package below node_modules with its licence, as their manifests say it. */
export function licences(folder) {
  const found = new Map();
  const walk = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const inner = join(path, entry.name);
      const manifest = join(inner, "package.json");
      if (/[\\/]node_modules([\\/]@[^\\/]+)?$/.test(path) && existsSync(manifest)) {
        const { name, version, license, licenses } = JSON.parse(readFileSync(manifest, "utf8"));
        const said = license ?? licenses?.map?.(({ type }) => type).join(" OR ");
        if (name && version)
          found.set(`${name}@${version}`, typeof said === "string" ? said : (said?.type ?? "not stated"));
      }
      walk(inner);
    }
  };
  walk(join(folder, "node_modules"));
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Bytes of a text after gzip. */
export const gzipBytes = (text) => gzipSync(text, { level: 9 }).length;
