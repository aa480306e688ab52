// A release without the world: versions, builds and publishes a clone into a registry of its own, then installs each package alone
// outside the repository, as its users do, with npm and with pnpm's strict layout, scripts blocked, on several runtimes and compilers.
// usage: release-rehearse.mjs [--only name,name] [--out results.json] [--sbom folder] [--keep]
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { BROWSER_PACKAGES, filesBelow, finish, root, workspacePackages } from "./packages.mjs";
import { findChromium, rehearseBrowser } from "./rehearse/browser.mjs";
import { rehearsePackage } from "./rehearse/consumers.mjs";
import { startRegistry } from "./rehearse/registry.mjs";
import { run, write } from "./rehearse/steps.mjs";
import { COMPILERS, RUNTIMES, TOOLS } from "./rehearse/tool-versions.mjs";

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    out: { type: "string" },
    sbom: { type: "string" },
    keep: { type: "boolean", default: false },
  },
});
const packages = workspacePackages();
const wanted = options.only?.split(",") ?? packages.map(({ short }) => short);
for (const short of wanted)
  if (!packages.some((entry) => entry.short === short)) {
    console.error(`--only ${short}: expected names of ${packages.map((entry) => entry.short).join(", ")}`);
    process.exit(2);
  }
const started = Date.now();
const work = mkdtempSync(join(tmpdir(), "videosafety-rehearsal-"));
const findings = [];
const say = (text) => console.error(`${String(Math.round((Date.now() - started) / 1000)).padStart(4)} s  ${text}`);
/** A step that may fail without ending the rehearsal. @returns whether it passed */
async function attempt(what, step) {
  try {
    await step();
    return true;
  } catch (error) {
    say(`FAILED: ${what}`);
    findings.push(`${what}: ${error.message}`);
    return false;
  }
}

/** Tools and runtimes, kept between rehearsals. */
async function installTools(tools) {
  mkdirSync(tools, { recursive: true });
  writeFileSync(
    join(tools, "package.json"), // Verdaccio asks for node-fetch by a tag that not every registry keeps.
    JSON.stringify({ private: true, dependencies: { ...TOOLS, ...COMPILERS }, overrides: { "node-fetch": "2.7.0" } }),
  );
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  await run("npm", ["install", ...quiet], { cwd: tools });
  return Promise.all(
    RUNTIMES.map(async (runtime) => {
      const folder = join(tools, "runtimes", runtime.name.replace(" ", "-"));
      const path = join(folder, "node_modules", runtime.package, runtime.program);
      const at = join(folder, "node_modules", runtime.package, "package.json");
      if (!existsSync(path) || JSON.parse(readFileSync(at, "utf8")).version !== runtime.version) {
        write(join(folder, "package.json"), JSON.stringify({ private: true }));
        await run("npm", ["install", ...quiet, `${runtime.package}@${runtime.version}`], { cwd: folder });
      }
      return { ...runtime, path };
    }),
  );
}

/** The repository as a release would have it: every pending changeset applied, everything built. */
async function buildClone(clone) {
  await run("git", ["clone", "--quiet", root, clone]);
  await run("pnpm", ["install", "--frozen-lockfile", "--prefer-offline", "--filter=!docs-site", "--reporter=silent"], {
    cwd: clone,
  });
  const changesets = filesBelow(join(clone, ".changeset"), ".md").map((file) => readFileSync(file, "utf8"));
  const majorOf = (manifest) => Number(manifest.version.split(".")[0]);
  const before = new Map(packages.map(({ name, manifest }) => [name, majorOf(manifest)]));
  await run("pnpm", ["exec", "changeset", "version"], { cwd: clone });
  for (const { name, short } of packages) {
    const manifest = manifestOf(short);
    if (majorOf(manifest) > before.get(name) && !changesets.some((text) => text.includes(`"${name}": major`)))
      findings.push(`${name}: would be released as ${manifest.version}, and no changeset says major`);
  }
  const build = ["exec", "turbo", "run", "build", "types", "--filter=./packages/*", "--output-logs=errors-only"];
  await run("pnpm", build, { cwd: clone });
}

const manifestOf = (short) => JSON.parse(readFileSync(join(clone, "packages", short, "package.json"), "utf8"));
const tools = join(root, "node_modules/.cache/release-rehearsal");
const clone = join(work, "clone");
say("tools; clone, version, build");
const [runtimes, chromium] = await Promise.all([installTools(tools), findChromium(), buildClone(clone)]);
if (chromium === undefined) say("no Chromium on this machine: pages are built, not opened");

// Our scope lives in the registry of the rehearsal; everything else comes from where this machine's npm takes it.
const registry = await startRegistry(tools, join(work, "registry"));
const npmrc = `@videosafety:registry=${registry.url}\n${registry.url.replace(/^http:/, "")}:_authToken=rehearsal\n`;
writeFileSync(join(clone, ".npmrc"), npmrc);
const place = {
  ...{ work, tools, npmrc, runtimes, chromium, manifestOf },
  sbomFolder: options.sbom && resolve(options.sbom),
  readme: (short) => join(clone, "packages", short, "README.md"),
};

/** One package by its users; their folders go when it is done, so that few megabytes lie on disk. */
async function rehearse(short) {
  say(`consumers of ${short}`);
  const page = {};
  const browser = BROWSER_PACKAGES.includes(short)
    ? attempt(`${manifestOf(short).name}: in a browser project`, async () => {
        page.browserExports = await rehearseBrowser(manifestOf(short), place);
      })
    : undefined;
  const result = await rehearsePackage(short, place, attempt);
  await browser;
  if (!options.keep)
    for (const kind of ["npm", "pnpm", "browser"]) rmSync(join(work, kind, short), { recursive: true, force: true });
  return { ...result, ...page };
}

const results = [];
try {
  say("publish");
  for (const { short } of packages)
    await attempt(`publish ${short}`, () =>
      run("pnpm", ["publish", "--no-git-checks", "--ignore-scripts", "--registry", registry.url], {
        cwd: join(clone, "packages", short),
      }),
    );
  // Two packages at a time, so that the installs of one run beside the compilers of the other.
  const queue = [...wanted];
  const worker = async () => {
    for (let short = queue.shift(); short !== undefined; short = queue.shift()) results.push(await rehearse(short));
  };
  await Promise.all([worker(), worker()]);
} finally {
  registry.stop();
}
results.sort((a, b) => (a.name < b.name ? -1 : 1));

/** How many packages come under each licence; the bills of materials name them. */
function counted(licences) {
  const counts = {};
  for (const [, licence] of licences) counts[licence] = (counts[licence] ?? 0) + 1;
  return counts;
}

const report = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0]?.model ?? "unknown CPU"}, ${availableParallelism()} threads, ${process.platform}`,
  commit: (await run("git", ["rev-parse", "--short", "HEAD"], { cwd: root })).trim(),
  seconds: Math.round((Date.now() - started) / 1000),
  runtimes: RUNTIMES.map(({ name, version }) => `${name}: ${version}`),
  compilers: Object.values(COMPILERS),
  packages: results.map(({ licences = [], ...result }) => ({ ...result, licences: counted(licences) })),
  findings,
};
if (options.out) write(resolve(options.out), `${JSON.stringify(report, null, 1)}\n`);
for (const { name, packages: count, megabytes, browserExports } of results)
  console.log(
    `${name}: ${count} packages, ${megabytes} MB installed${browserExports ? `, ${browserExports} exports in a browser` : ""}`,
  );
if (options.keep) console.log(work);
else rmSync(work, { recursive: true, force: true });
finish(`release rehearsal, ${report.seconds} s`, findings);
