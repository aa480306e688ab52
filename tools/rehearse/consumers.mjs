// One package as its users have it: alone in a folder outside the repository, from the registry.
import { delimiter, join } from "node:path";
import { INSTALL_LIMITS, isAccepted } from "./limits.mjs";
import { cleanEnvironment, installed, run, snippets, write } from "./steps.mjs";
import { COMPILERS } from "./tool-versions.mjs";

const json = (value) => JSON.stringify(value);

/**
 * Installed with npm and pnpm, imported, required, type-checked, and its README run.
 *
 * @param place { work, tools, npmrc, runtimes, readme, manifestOf, sbomFolder? }
 * @param attempt (what, step) => whether the step passed; a failure is a finding and does not end the rehearsal
 * @returns what a user pays: packages, megabytes, licences, components
 */
export async function rehearsePackage(short, place, attempt) {
  const { work, tools, npmrc, runtimes, manifestOf } = place;
  const manifest = manifestOf(short);
  const { name, version } = manifest;
  const entries = Object.keys(manifest.exports)
    .filter((key) => key !== "./package.json")
    .map((key) => name + key.slice(1));
  const result = { name, version, entries };

  const folder = join(work, "npm", short);
  write(join(folder, "package.json"), json({ name: `uses-${short}`, private: true, type: "module" }));
  write(join(folder, ".npmrc"), `${npmrc}engine-strict=true\nignore-scripts=true\naudit=false\nfund=false\n`);
  const oldest = runtimes.find((runtime) => runtime.name === "node 20");
  const environment = { ...cleanEnvironment, PATH: `${join(oldest.path, "..")}${delimiter}${process.env.PATH}` };
  const npmInstalls = await attempt(
    `${name}: npm install on node ${oldest.version}, engine-strict, scripts blocked`,
    () =>
      run("npm", ["install", `${name}@${version}`, "--prefer-offline", "--loglevel=error"], {
        cwd: folder,
        env: environment,
      }),
  );
  if (!npmInstalls) return result;
  Object.assign(result, installed(folder));
  await attempt(`${name}: what its install costs`, () => withinLimits(short, result));
  await attempt(`${name}: software bill of materials`, async () => {
    const tool = join(tools, "node_modules/@cyclonedx/cyclonedx-npm/bin/cyclonedx-npm-cli.js");
    const bom = JSON.parse(
      await run(process.execPath, [tool, "--omit", "dev", "--output-format", "JSON"], { cwd: folder }),
    );
    result.components = bom.components.length;
    if (place.sbomFolder) write(join(place.sbomFolder, `${short}.cdx.json`), `${JSON.stringify(bom, null, 1)}\n`);
  });

  // What the README tells a reader to install beside the package, and Node's types. onnxruntime-web is for pages.
  const beside = Object.entries(manifest.peerDependencies ?? {})
    .filter(([peer]) => peer !== "onnxruntime-web")
    .map(
      ([peer, range]) => `${peer}@${range.startsWith("workspace:") ? manifestOf(peer.split("/")[1]).version : range}`,
    );
  await attempt(`${name}: its optional peers and Node's types`, () =>
    run("npm", ["install", ...beside, "@types/node@20", "--prefer-offline", "--loglevel=error"], { cwd: folder }),
  );
  const tolerated = tolerateAbsence(Object.keys(manifest.peerDependenciesMeta ?? {}));

  const examples = snippets(place.readme(short));
  const esbuild = join(tools, "node_modules/esbuild/bin/esbuild");
  for (const [i, code] of examples.entries()) {
    write(join(folder, `example-${i}.ts`), `${code}\nexport {};\n`);
    const args = [`example-${i}.ts`, "--format=esm", `--outfile=example-${i}.mjs`, "--log-level=error"];
    await attempt(`${name}: README example ${i + 1} compiles`, () => run(esbuild, args, { cwd: folder }));
  }
  const exportsSomething = 'if (Object.keys(m).length === 0) throw new Error("exports nothing");';
  for (const [i, entry] of entries.entries()) {
    write(join(folder, `import-${i}.mjs`), `const m = await import("${entry}"); ${exportsSomething}`);
    write(join(folder, `require-${i}.cjs`), `const m = require("${entry}"); ${exportsSomething}`);
  }
  const jobs = [];
  for (const runtime of runtimes) {
    const runFile = (what, file) =>
      jobs.push(
        attempt(`${runtime.name}: ${what}`, () =>
          tolerated(run(runtime.path, [...(runtime.args ?? []), file], { cwd: folder, timeout: 180_000 })),
        ),
      );
    for (const [i, entry] of entries.entries()) {
      runFile(`import ${entry}`, `import-${i}.mjs`);
      if (runtime.name.startsWith("node")) runFile(`require ${entry}`, `require-${i}.cjs`);
    }
    for (const i of examples.keys()) runFile(`README example ${i + 1} of ${name}`, `example-${i}.mjs`);
  }
  jobs.push(...typeChecks(name, folder, tools, entries, examples.length, attempt));
  jobs.push(strictLayout(manifest, entries, place, tolerated, attempt));
  await Promise.all(jobs);
  return result;
}

function withinLimits(short, { packages, megabytes, licences }) {
  const limit = INSTALL_LIMITS[short];
  if (limit && (packages > limit.packages || megabytes > limit.megabytes))
    throw new Error(
      `expected at most ${limit.packages} packages and ${limit.megabytes} MB, found ${packages} and ${megabytes}`,
    );
  const asked = licences.filter(([, licence]) => !isAccepted(licence));
  if (asked.length > 0)
    throw new Error(
      `licences that tools/rehearse/limits.mjs does not list: ${asked.map((pair) => pair.join(" ")).join(", ")}`,
    );
}

/** A step that stands on an optional peer may fail because that peer is absent, and for nothing else. */
function tolerateAbsence(peers) {
  const absent = /(?:Cannot find|Could not find|Could not resolve) (?:the )?(?:package|module) ?:?['"]?([^'"\s]+)/i;
  return (step) =>
    step.catch((error) => {
      const missing = absent.exec(error.message)?.[1];
      if (missing === undefined || !peers.some((peer) => missing === peer || missing.startsWith(`${peer}/`)))
        throw error;
    });
}

/** Declarations, every library checked too, as each compiler and each way to resolve modules reads them. */
function typeChecks(name, folder, tools, entries, exampleCount, attempt) {
  const imports = entries.map(
    (entry, i) => `import * as e${i} from "${entry}"; export const k${i}: string[] = Object.keys(e${i});`,
  );
  write(join(folder, "types.ts"), imports.join("\n"));
  const files = ["types.ts", ...Array.from({ length: exampleCount }, (_, i) => `example-${i}.ts`)];
  const modes = [
    ["node16", "node16"],
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ];
  return modes.flatMap(([module, moduleResolution]) => {
    const compilerOptions = {
      ...{ target: "es2022", lib: ["es2023", "esnext.disposable"], types: ["node"] },
      ...{ module, moduleResolution, strict: true, skipLibCheck: false, noEmit: true },
    };
    const project = `tsconfig.${moduleResolution}.json`;
    write(join(folder, project), json({ compilerOptions, files }));
    return Object.keys(COMPILERS).map((compiler) =>
      attempt(`${name}: ${compiler}, ${moduleResolution}, skipLibCheck off`, () =>
        run(process.execPath, [join(tools, "node_modules", compiler, "bin/tsc"), "-p", project], { cwd: folder }),
      ),
    );
  });
}

/** pnpm's strict layout, where a package reaches only what it declares. */
function strictLayout({ name, version }, entries, { work, npmrc }, tolerated, attempt) {
  const strict = join(work, "pnpm", name.split("/")[1]);
  write(join(strict, "package.json"), json({ name: "uses-strictly", private: true, type: "module" }));
  write(join(strict, ".npmrc"), npmrc);
  return attempt(`${name}: pnpm, strict layout, scripts blocked`, async () => {
    const args = ["add", `${name}@${version}`, "--ignore-scripts", "--prefer-offline", "--reporter=silent"];
    await run("pnpm", args, { cwd: strict });
    for (const [i, entry] of entries.entries()) {
      write(join(strict, `import-${i}.mjs`), `await import("${entry}");`);
      await tolerated(run(process.execPath, [`import-${i}.mjs`], { cwd: strict }));
    }
  });
}
