// One package in a page: types with lib dom and without Node, a Vite build, opened in headless Chromium where there is one.
import { join } from "node:path";
import { cleanEnvironment, run, write } from "./steps.mjs";

/** The Chromium of this machine, or nothing. */
export async function findChromium() {
  for (const program of ["chromium", "chromium-browser", "google-chrome"]) {
    const found = await run(program, ["--version"]).then(
      () => true,
      () => false,
    );
    if (found) return program;
  }
  return undefined;
}

/** @returns how many exports the page saw; nothing where no Chromium opened it */
export async function rehearseBrowser({ name, version }, { work, tools, npmrc, chromium }) {
  const short = name.split("/")[1];
  const folder = join(work, "browser", short);
  write(join(folder, "package.json"), JSON.stringify({ name: `page-with-${short}`, private: true, type: "module" }));
  write(join(folder, ".npmrc"), `${npmrc}ignore-scripts=true\naudit=false\nfund=false\n`);
  write(
    join(folder, "main.ts"),
    `import * as library from "${name}";\ndocument.body.textContent = \`exports: \${Object.keys(library).length}\`;\n`,
  );
  write(
    join(folder, "index.html"),
    '<!doctype html><meta charset="utf-8"><body><script type="module" src="/main.ts"></script>',
  );
  const compilerOptions = {
    ...{ target: "es2022", lib: ["es2022", "dom", "dom.iterable"], types: [], module: "esnext" },
    ...{ moduleResolution: "bundler", strict: true, skipLibCheck: false, noEmit: true, customConditions: ["browser"] },
  };
  write(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["main.ts"] }));
  await run("npm", ["install", `${name}@${version}`, "--prefer-offline", "--loglevel=error"], { cwd: folder });
  await run(process.execPath, [join(tools, "node_modules/typescript-7.0/bin/tsc"), "-p", "."], { cwd: folder });
  const vite = [join(tools, "node_modules/vite/bin/vite.js"), "build", "--base", "./", "--logLevel", "error"];
  await run(process.execPath, vite, {
    cwd: folder,
    env: { ...cleanEnvironment, NODE_PATH: join(tools, "node_modules") },
  });
  if (chromium === undefined) return undefined;
  const page = await run(chromium, [
    ...["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"],
    `--user-data-dir=${join(folder, "profile")}`,
    ...["--virtual-time-budget=10000", "--dump-dom", `file://${folder}/dist/index.html`],
  ]);
  const said = /exports: (\d+)/.exec(page)?.[1];
  if (said === undefined || said === "0") throw new Error(`the page did not run: ${page.slice(0, 500)}`);
  return Number(said);
}
