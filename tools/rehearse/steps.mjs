// Small steps of a rehearsal: run programs, a few at a time, read what a README shows, count what was installed.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";

/** Programs that run at once, over all packages. */
const PARALLEL = Math.max(2, availableParallelism());
const TIMEOUT_MS = 1_500_000;
let running = 0;
const waiting = [];

/** This process's environment without what a package manager told its script: a consumer's shell knows nothing of it. */
export const cleanEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(?:npm_|pnpm_|INIT_CWD$)/i.test(name)),
);

/** Runs a program once one of the places is free; its output on failure is in the error. @returns what it wrote to stdout */
export async function run(program, args, { timeout = TIMEOUT_MS, ...options } = {}) {
  if (running >= PARALLEL) await new Promise((resolve) => waiting.push(resolve));
  else running += 1;
  try {
    return await finished(program, args, timeout, options);
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}

function finished(program, args, timeout, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: cleanEnvironment, ...options });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"])
      child[name].setEncoding("utf8").on("data", (text) => {
        output[name] += text;
      });
    const clock = setTimeout(() => child.kill("SIGKILL"), timeout);
    const end = (how) => {
      clearTimeout(clock);
      if (how === 0) return resolve(output.stdout);
      const said = `${output.stdout}${output.stderr}`.trim();
      reject(new Error(`${[program, ...args].join(" ")}: ${how}\n${said.slice(-3000)}`));
    };
    child.on("error", (error) => end(error.message));
    child.on("close", (code, signal) => end(code ?? `ended by ${signal}, allowed ${timeout / 1000} s`));
  });
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

/** What lies in node_modules below a folder: how many packages, their megabytes, and each with the licence its manifest states. */
export function installed(folder) {
  let bytes = 0;
  const licences = new Map();
  let packages = 0;
  const walk = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inner = join(path, entry.name);
      if (entry.isSymbolicLink()) continue;
      if (!entry.isDirectory()) {
        bytes += statSync(inner).size;
        continue;
      }
      const manifest = join(inner, "package.json");
      if (/[\\/]node_modules([\\/]@[^\\/]+)?$/.test(path) && existsSync(manifest)) {
        packages += 1;
        const { name, version, license, licenses } = JSON.parse(readFileSync(manifest, "utf8"));
        const said = license ?? licenses?.map?.(({ type }) => type).join(" OR ");
        licences.set(`${name}@${version}`, typeof said === "string" ? said : (said?.type ?? "not stated"));
      }
      walk(inner);
    }
  };
  walk(join(folder, "node_modules"));
  return {
    packages,
    megabytes: Math.round(bytes / 1e5) / 10,
    licences: [...licences].sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}
