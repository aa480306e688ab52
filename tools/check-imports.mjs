// What importing an entry costs before it does anything: modules and bytes that Node reads and parses, counted by a bundler over the built
// packages (static imports only, so the same on every machine), and with --cpu the measured time. Run `pnpm build` first.
// usage: check-imports.mjs [--cpu]
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { builtinModules } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { BROWSER_PACKAGES, finish, root, workspacePackages } from "./packages.mjs";

/**
 * Most modules and kilobytes of an entry, and milliseconds of CPU with --cpu. 92 modules and 790 kB of each are zod's, all its languages
 * included, which Node loads though no bundle holds them. Modules and bytes are what CI checks: time on a shared machine is not.
 */
const LIMITS = {
  pure: { modules: 180, kilobytes: 1000, milliseconds: 60 },
  other: { modules: 520, kilobytes: 2600, milliseconds: 150 },
  /** The command that holds all the others. */
  defense: { modules: 800, kilobytes: 3300, milliseconds: 250 },
};
const ROUNDS = 5;

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
/** What Node itself took up to its first line, in milliseconds, one per process. */
const bareStarts = [];

const packages = workspacePackages();
const rows = [];
const findings = [];
for (const { short, name, folder, manifest, entries } of packages) {
  for (const entry of entries) {
    const subpath = entry.slice(`${folder}/src/`.length, -".ts".length);
    const file = `${folder}/dist/${subpath}.js`;
    const pure = BROWSER_PACKAGES.includes(short) && subpath === "index";
    const limit = LIMITS[short] ?? (pure ? LIMITS.pure : LIMITS.other);
    const { outputs } = (
      await build({
        entryPoints: [file],
        bundle: true,
        splitting: true,
        outdir: "unused",
        format: "esm",
        platform: "node",
        external: [...builtinModules, "*.node", ...Object.keys(manifest.peerDependenciesMeta ?? {})],
        tsconfigRaw: "{}",
        ...{ ignoreAnnotations: true, treeShaking: false }, // Node leaves out nothing
        write: false,
        metafile: true,
        logLevel: "silent",
      })
    ).metafile;
    const modules = reached(outputs, file);
    const bytes = modules.reduce((sum, path) => sum + statSync(path).size, 0);
    const row = { entry: subpath === "index" ? name : `${name}/${subpath}`, modules: modules.length, kB: bytes / 1000 };
    if (process.argv.includes("--cpu")) {
      row.ms = cpuMilliseconds(file);
      if (row.ms > limit.milliseconds)
        findings.push(`${row.entry}: importing it takes ${row.ms} ms of CPU, at most ${limit.milliseconds}`);
    }
    if (row.modules > limit.modules || row.kB > limit.kilobytes)
      findings.push(
        `${row.entry}: imports ${row.modules} modules of ${Math.round(row.kB)} kB, at most ${limit.modules} of ${limit.kilobytes} kB: import what few calls need when it is needed`,
      );
    rows.push(row);
  }
}

/** Modules behind the static imports of a bundle's entry; what dynamic imports load lies in chunks of its own. */
function reached(outputs, file) {
  const seen = new Set();
  const visit = (chunk) => {
    if (seen.has(chunk)) return;
    seen.add(chunk);
    for (const { path, kind } of outputs[chunk]?.imports ?? []) if (kind === "import-statement") visit(path);
  };
  visit(
    Object.keys(outputs).find(
      (name) => outputs[name].entryPoint && resolve(outputs[name].entryPoint) === resolve(file),
    ),
  );
  const paths = [...seen].flatMap((chunk) => Object.keys(outputs[chunk]?.inputs ?? {}));
  return [...new Set(paths)].filter((path) => !path.startsWith("<"));
}

/** User and system time that a process spends on a piece of code, in milliseconds. */
function cpuOf(code) {
  const measured = `const before = process.cpuUsage(); ${code}
const { user, system } = process.cpuUsage(before); console.log((user + system) / 1000, (before.user + before.system) / 1000); process.exit(0);`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", measured], {
    cwd: root,
    encoding: "utf8",
  });
  const [own, bare] = stdout.split(" ").map(Number.parseFloat);
  if (!Number.isFinite(own) || !Number.isFinite(bare)) throw new Error(`cannot be imported: ${stderr}`);
  bareStarts.push(bare);
  return own;
}

/** Median over processes of what the import adds to a bare Node on this machine. A busy one stretches it: look at the bare start printed last. */
function cpuMilliseconds(file) {
  const rounds = Array.from({ length: ROUNDS }, () =>
    cpuOf(`await import(${JSON.stringify(pathToFileURL(file).href)});`),
  );
  return Math.round(median(rounds));
}

for (const { entry, modules, kB, ms } of rows)
  console.log(`${entry}: ${modules} modules, ${Math.round(kB)} kB${ms === undefined ? "" : `, ${ms} ms of CPU`}`);
if (bareStarts.length > 0) console.log(`bare Node: ${Math.round(median(bareStarts))} ms of CPU`);
finish("imports", findings);
