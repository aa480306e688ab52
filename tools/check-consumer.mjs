// What a user gets: packs every package, installs the tarballs into a fresh npm project with install scripts blocked,
// imports each entry by `import` and by `require` there, type-checks and runs every ```ts block of the READMEs.
// usage: check-consumer.mjs [--keep]
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finish, root, workspacePackages } from "./packages.mjs";

const consumer = mkdtempSync(join(tmpdir(), "videosafety-consumer-"));
const findings = [];
/** npm and pnpm are .cmd files there. */
const shell = process.platform === "win32";
const packages = workspacePackages();
mkdirSync(`${consumer}/tarballs`);
for (const { folder } of packages) {
  execFileSync("pnpm", ["pack", "--pack-destination", `${consumer}/tarballs`], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    shell,
  });
}
const tarball = ({ name, manifest }) =>
  `file:tarballs/${name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`;
const tarballs = Object.fromEntries(packages.map((entry) => [entry.name, tarball(entry)]));
// One version of Node's types, or the snippets would be checked against the one another package brings.
const types = {
  "@types/node": JSON.parse(readFileSync(`${root}node_modules/@types/node/package.json`, "utf8")).version,
};
// What the READMEs tell a reader to install beside a package: the reward server's programs, a decoder.
const { optionalDependencies: decoders } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const { devDependencies: programs } = packages.find(({ short }) => short === "rewards").manifest;
const beside = Object.fromEntries([
  ["node-av", decoders["node-av"]],
  ...["commander", "pino", "prom-client"].map((name) => [name, programs[name]]),
]);
const dependencies = { ...tarballs, ...types, ...beside };
const consumerManifest = { name: "consumer", private: true, type: "module", dependencies, overrides: dependencies };
writeFileSync(`${consumer}/package.json`, JSON.stringify(consumerManifest, null, 2));
execFileSync(
  "npm",
  ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"],
  {
    cwd: consumer,
    stdio: ["ignore", "ignore", "inherit"],
    shell,
  },
);

const run = (label, args, optionalPeers = []) => {
  const result = spawnSync(process.execPath, args, { cwd: consumer, encoding: "utf8", timeout: 180_000 });
  if (result.status === 0) return;
  // An entry that stands on an optional peer may fail for its absence, and for nothing else.
  const absent = /Cannot find (?:package|module) '([^']+)'/.exec(result.stderr)?.[1];
  if (absent !== undefined && optionalPeers.includes(absent)) return;
  findings.push(`${label}: exit ${result.status ?? result.signal}\n${result.stdout}${result.stderr}`);
};
let entries = 0;
for (const { name, manifest } of packages) {
  for (const key of Object.keys(manifest.exports)) {
    if (key === "./package.json") continue;
    const specifier = name + key.slice(1);
    const check = "if (Object.keys(loaded).length === 0) throw new Error('exports nothing')";
    const peers = Object.keys(manifest.peerDependenciesMeta ?? {});
    entries += 1;
    run(
      `import ${specifier}`,
      ["--input-type=module", "-e", `const loaded = await import("${specifier}"); ${check}`],
      peers,
    );
    run(
      `require ${specifier}`,
      ["--input-type=commonjs", "-e", `const loaded = require("${specifier}"); ${check}`],
      peers,
    );
  }
}

// README snippets, as modules of the consumer.
const readmes = ["README.md", ...packages.map(({ short }) => `packages/${short}/README.md`)];
const snippets = [];
mkdirSync(`${consumer}/snippets`);
for (const readme of readmes) {
  if (!existsSync(root + readme)) {
    findings.push(`${readme}: missing`);
    continue;
  }
  const text = readFileSync(root + readme, "utf8");
  for (const found of text.matchAll(/^```ts([^\n]*)\n([\s\S]*?)^```/gm)) {
    if (found[1].includes("no-run")) continue;
    const line = text.slice(0, found.index).split("\n").length;
    const file = `snippets/${readme.replaceAll(/[/.]/g, "-")}-${line}.ts`;
    writeFileSync(`${consumer}/${file}`, `${found[2]}\nexport {};\n`);
    snippets.push({ readme, line, file });
  }
}
// Tutorials: the blocks of a page are one module.
const tutorials = readdirSync(`${root}docs/tutorials`).filter((name) => name.endsWith(".md") && name !== "index.md");
for (const name of tutorials) {
  const text = readFileSync(`${root}docs/tutorials/${name}`, "utf8");
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code);
  const file = `snippets/tutorial-${name.replace(".md", "")}.ts`;
  writeFileSync(`${consumer}/${file}`, `${blocks.join("\n")}\nexport {};\n`);
  snippets.push({ readme: `docs/tutorials/${name}`, line: 1, file });
}
for (const tool of ["typescript", "tsx"]) {
  if (!existsSync(`${consumer}/node_modules/${tool}`))
    symlinkSync(`${root}node_modules/${tool}`, `${consumer}/node_modules/${tool}`, "junction");
}
writeFileSync(
  `${consumer}/tsconfig.json`,
  JSON.stringify({
    compilerOptions: {
      target: "ES2023",
      lib: ["ES2023", "ESNext.Disposable"],
      module: "NodeNext",
      types: ["node"],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
    },
    include: ["snippets"],
  }),
);
if (snippets.length > 0) {
  const checked = spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", consumer], {
    encoding: "utf8",
  });
  if (checked.status !== 0) findings.push(`README snippets do not type-check:\n${checked.stdout}`);
}
for (const { readme, line, file } of snippets) run(`${readme}:${line}`, ["--import", "tsx", file]);

if (process.argv.includes("--keep")) console.log(consumer);
else rmSync(consumer, { recursive: true, force: true });
finish(`packed consumer: ${entries} entries, ${snippets.length} README snippets and tutorials`, findings);
