// A release without the world: versions, builds and publishes a clone into a registry of its own, then installs each package alone
// outside the repository, as its users do, with npm and with pnpm's strict layout, scripts blocked, on several runtimes and compilers.
// usage: release-rehearse.mjs [--only name,name] [--out results.json] [--keep]
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { BROWSER_PACKAGES, finish, root, workspacePackages } from "./packages.mjs";
import { startRegistry } from "./rehearse/registry.mjs";
import { installed, licences, run, snippets, write } from "./rehearse/steps.mjs";
import { COMPILERS, RUNTIMES, TOOLS } from "./rehearse/tool-versions.mjs";

const { values: options } = parseArgs({
  options: { only: { type: "string" }, out: { type: "string" }, keep: { type: "boolean", default: false } },
});
const work = mkdtempSync(join(tmpdir(), "videosafety-rehearsal-"));
const findings = [];
const say = (text) => console.error(text);
/** A step that may fail without ending the rehearsal. @returns whether it passed */
function attempt(what, step) {
  try {
    step();
    return true;
  } catch (error) {
    findings.push(`${what}: ${error.message}`);
    return false;
  }
}

// Tools and runtimes, kept between rehearsals.
const tools = join(root, "node_modules/.cache/release-rehearsal");
mkdirSync(tools, { recursive: true });
writeFileSync(
  join(tools, "package.json"), // Verdaccio asks for node-fetch by a tag that not every registry keeps.
  JSON.stringify({ private: true, dependencies: { ...TOOLS, ...COMPILERS }, overrides: { "node-fetch": "2.7.0" } }),
);
say("tools");
run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"], {
  cwd: tools,
});
const runtimes = RUNTIMES.map((runtime) => {
  const folder = join(tools, "runtimes", runtime.name.replace(" ", "-"));
  if (!existsSync(join(folder, "node_modules", runtime.package))) {
    write(join(folder, "package.json"), JSON.stringify({ private: true }));
    run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", `${runtime.package}@${runtime.version}`], {
      cwd: folder,
    });
  }
  return { ...runtime, path: join(folder, "node_modules", runtime.package, runtime.program) };
});
const oldest = runtimes.find(({ name }) => name === "node 20");

say("clone, version, build");
const clone = join(work, "clone");
run("git", ["clone", "--quiet", root, clone]);
run("pnpm", ["install", "--frozen-lockfile", "--prefer-offline", "--reporter=silent"], { cwd: clone });
run("pnpm", ["exec", "changeset", "version"], { cwd: clone });
run("pnpm", ["exec", "turbo", "run", "build", "types", "--filter=./packages/*", "--output-logs=errors-only"], {
  cwd: clone,
});

const uplink = run("npm", ["config", "get", "registry"]).trim();
const registry = await startRegistry(tools, join(work, "registry"), uplink);
const registryHost = registry.url.replace(/^http:/, "");
const npmrc = `registry=${registry.url}\n${registryHost}:_authToken=rehearsal\n`;
writeFileSync(join(clone, ".npmrc"), npmrc);

const wanted = options.only?.split(",");
const manifestOf = (short) => JSON.parse(readFileSync(join(clone, "packages", short, "package.json"), "utf8"));
const results = [];
try {
  for (const { short } of workspacePackages()) {
    say(`publish ${short}`);
    run("pnpm", ["publish", "--no-git-checks", "--ignore-scripts", "--registry", registry.url], {
      cwd: join(clone, "packages", short),
    });
  }
  for (const { short } of workspacePackages()) {
    if (wanted && !wanted.includes(short)) continue;
    say(`consumers of ${short}`);
    results.push(rehearse(short));
  }
} finally {
  registry.stop();
}

/** One package alone: installed with npm and pnpm, imported, required, type-checked, bundled, and its README run. */
function rehearse(short) {
  const manifest = manifestOf(short);
  const { name, version } = manifest;
  const folder = join(work, "npm", short);
  const peers = Object.keys(manifest.peerDependenciesMeta ?? {});
  const entries = Object.keys(manifest.exports)
    .filter((key) => key !== "./package.json")
    .map((key) => name + key.slice(1));
  const result = { name, version, entries };
  write(join(folder, "package.json"), JSON.stringify({ name: `uses-${short}`, private: true, type: "module" }));
  write(join(folder, ".npmrc"), `${npmrc}engine-strict=true\nignore-scripts=true\naudit=false\nfund=false\n`);
  const environment = { ...process.env, PATH: `${join(oldest.path, "..")}${delimiter}${process.env.PATH}` };
  const npmInstalls = attempt(`${name}: npm install on ${oldest.name}.19, engine-strict, scripts blocked`, () =>
    run("npm", ["install", `${name}@${version}`, "--loglevel=error"], { cwd: folder, env: environment }),
  );
  if (!npmInstalls) return result;
  Object.assign(result, installed(folder), { licences: licences(folder) });
  attempt(`${name}: software bill of materials`, () => {
    const bom = JSON.parse(
      run(
        process.execPath,
        [
          join(tools, "node_modules/@cyclonedx/cyclonedx-npm/bin/cyclonedx-npm-cli.js"),
          "--omit",
          "dev",
          "--output-format",
          "JSON",
        ],
        { cwd: folder },
      ),
    );
    result.components = bom.components.length;
    if (options.out) write(join(options.out, `../sbom/${short}.cdx.json`), `${JSON.stringify(bom, null, 1)}\n`);
  });

  // Entries, and the README's examples, on every runtime. An entry on an optional peer may fail for its absence and for nothing else.
  const absentPeer = (error) => peers.some((peer) => error.message.includes(peer));
  const tolerate = (step) => () => {
    try {
      step();
    } catch (error) {
      if (!absentPeer(error)) throw error;
    }
  };
  const examples = snippets(join(clone, "packages", short, "README.md"));
  const esbuild = join(tools, "node_modules/esbuild/bin/esbuild");
  examples.forEach((code, i) => {
    write(join(folder, `example-${i}.ts`), `${code}\nexport {};\n`);
    attempt(`${name}: README example ${i + 1} compiles`, () =>
      run(esbuild, [`example-${i}.ts`, "--format=esm", `--outfile=example-${i}.mjs`, "--log-level=error"], {
        cwd: folder,
      }),
    );
  });
  entries.forEach((entry, i) => {
    write(
      join(folder, `import-${i}.mjs`),
      `const m = await import("${entry}"); if (Object.keys(m).length === 0) throw new Error("exports nothing");`,
    );
    write(
      join(folder, `require-${i}.cjs`),
      `const m = require("${entry}"); if (Object.keys(m).length === 0) throw new Error("exports nothing");`,
    );
  });
  // The README's examples have what it tells a reader to install beside the package.
  const optional = Object.entries(manifest.peerDependencies ?? {})
    .filter(([peer]) => peer !== "onnxruntime-web")
    .map(([peer, range]) => [peer, range.startsWith("workspace:") ? manifestOf(peer.split("/")[1]).version : range]);
  if (optional.length > 0)
    attempt(`${name}: its optional peers`, () =>
      run("npm", ["install", ...optional.map(([peer, range]) => `${peer}@${range}`), "--loglevel=error"], {
        cwd: folder,
      }),
    );
  for (const runtime of runtimes) {
    const runFile = (file) => run(runtime.path, [...(runtime.args ?? []), file], { cwd: folder, timeout: 180_000 });
    entries.forEach((entry, i) => {
      attempt(
        `${runtime.name}: import ${entry}`,
        tolerate(() => runFile(`import-${i}.mjs`)),
      );
      if (runtime.name.startsWith("node"))
        attempt(
          `${runtime.name}: require ${entry}`,
          tolerate(() => runFile(`require-${i}.cjs`)),
        );
    });
    examples.forEach((_, i) => {
      attempt(
        `${runtime.name}: README example ${i + 1} of ${name}`,
        tolerate(() => runFile(`example-${i}.mjs`)),
      );
    });
  }

  // Declarations, with every library checked too.
  write(
    join(folder, "types.ts"),
    entries
      .map((entry, i) => `import * as e${i} from "${entry}"; export const k${i}: string[] = Object.keys(e${i});`)
      .join("\n"),
  );
  attempt(`${name}: types of Node`, () =>
    run("npm", ["install", "--no-save", "@types/node@20", "--loglevel=error"], { cwd: folder }),
  );
  const files = ["types.ts", ...examples.map((_, i) => `example-${i}.ts`)];
  for (const compiler of Object.keys(COMPILERS)) {
    for (const [module, moduleResolution] of [
      ["node16", "node16"],
      ["nodenext", "nodenext"],
      ["esnext", "bundler"],
    ]) {
      write(
        join(folder, "tsconfig.json"),
        JSON.stringify({
          compilerOptions: {
            target: "es2022",
            lib: ["es2023", "esnext.disposable"],
            types: ["node"],
            module,
            moduleResolution,
            strict: true,
            skipLibCheck: false,
            noEmit: true,
          },
          files,
        }),
      );
      attempt(`${name}: ${compiler}, ${moduleResolution}, skipLibCheck off`, () =>
        run(process.execPath, [join(tools, "node_modules", compiler, "bin/tsc"), "-p", "."], { cwd: folder }),
      );
    }
  }

  // pnpm's strict layout, where a package reaches only what it declares.
  const strict = join(work, "pnpm", short);
  write(join(strict, "package.json"), JSON.stringify({ name: `uses-${short}`, private: true, type: "module" }));
  write(join(strict, ".npmrc"), npmrc);
  attempt(`${name}: pnpm, strict layout, scripts blocked`, () => {
    run("pnpm", ["add", `${name}@${version}`, "--ignore-scripts", "--reporter=silent"], { cwd: strict });
    entries.forEach((entry, i) => {
      write(join(strict, `import-${i}.mjs`), `await import("${entry}");`);
      tolerate(() => run(process.execPath, [`import-${i}.mjs`], { cwd: strict }))();
    });
  });

  if (BROWSER_PACKAGES.includes(short)) browser(manifest, result);
  return result;
}

/** A browser project: types with lib dom and no Node, a Vite build, run in headless Chromium where there is one. */
function browser(manifest, result) {
  const { name, version } = manifest;
  const short = name.split("/")[1];
  const folder = join(work, "browser", short);
  write(join(folder, "package.json"), JSON.stringify({ name: `page-with-${short}`, private: true, type: "module" }));
  write(join(folder, ".npmrc"), `${npmrc}ignore-scripts=true\naudit=false\nfund=false\n`);
  const code = `import * as library from "${name}";
document.body.textContent = \`exports: \${Object.keys(library).length}\`;\n`;
  write(join(folder, "main.ts"), code);
  write(
    join(folder, "index.html"),
    '<!doctype html><meta charset="utf-8"><body><script type="module" src="/main.ts"></script>',
  );
  write(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "es2022",
        lib: ["es2022", "dom", "dom.iterable"],
        types: [],
        module: "esnext",
        moduleResolution: "bundler",
        strict: true,
        skipLibCheck: false,
        noEmit: true,
        customConditions: ["browser"],
      },
      files: ["main.ts"],
    }),
  );
  attempt(`${name}: in a browser project`, () => {
    run("npm", ["install", `${name}@${version}`, "--loglevel=error"], { cwd: folder });
    run(process.execPath, [join(tools, "node_modules/typescript-7.0/bin/tsc"), "-p", "."], { cwd: folder });
    run(
      process.execPath,
      [join(tools, "node_modules/vite/bin/vite.js"), "build", "--base", "./", "--logLevel", "error"],
      { cwd: folder, env: { ...process.env, NODE_PATH: join(tools, "node_modules") } },
    );
    const chromium = ["chromium", "chromium-browser", "google-chrome"].find(
      (program) => run("sh", ["-c", `command -v ${program} || true`]).trim() !== "",
    );
    if (chromium === undefined) {
      say(`  no Chromium on this machine: the page of ${name} was built, not opened`);
      return;
    }
    const page = run(chromium, [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--allow-file-access-from-files",
      "--virtual-time-budget=10000",
      "--dump-dom",
      `file://${folder}/dist/index.html`,
    ]);
    const said = /exports: (\d+)/.exec(page)?.[1];
    if (said === undefined || said === "0") throw new Error(`the page did not run: ${page.slice(0, 500)}`);
    result.browserExports = Number(said);
  });
}

const report = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0]?.model ?? "unknown CPU"}, ${availableParallelism()} threads, ${process.platform}`,
  commit: run("git", ["rev-parse", "--short", "HEAD"], { cwd: root }).trim(),
  runtimes: RUNTIMES.map(({ name, version }) => `${name}: ${version}`),
  compilers: Object.values(COMPILERS),
  packages: results,
};
if (options.out) write(options.out, `${JSON.stringify(report, null, 1)}\n`);
for (const { name, packages, megabytes, browserExports: page } of results)
  console.log(
    `${name}: ${packages} packages, ${megabytes} MB installed${page ? `, ${page} exports in a browser` : ""}`,
  );
if (options.keep) console.log(work);
else rmSync(work, { recursive: true, force: true });
finish("release rehearsal", findings);
