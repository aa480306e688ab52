// Starts `safety-rewards serve` on a free port and runs the Python glue of every trainer against it.
// usage: [PYTHON=python3] [SWIFT_PYTHON=...] [FRAMEWORKS=folder] node run-glue.mjs
//   (build first: npx turbo run build --filter=@videosafety/rewards...; PYTHON with trl, SWIFT_PYTHON with ms-swift and msgspec train one step each)
//   FRAMEWORKS holds checkouts named verl, ms-swift and EasyR1; the glue of those that are there is also run by their own code
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const token = randomBytes(16).toString("hex");
const rewards = dirname(createRequire(import.meta.url).resolve("@videosafety/rewards/package.json"));
const server = spawn(
  process.execPath,
  [join(rewards, "bin/safety-rewards.mjs"), "serve", "--port", "0", "--log-level", "error"],
  {
    env: { ...process.env, SAFETY_REWARDS_TOKEN: token },
    stdio: ["ignore", "pipe", "inherit"],
  },
);
const [line] = await once(server.stdout, "data");
const { url } = JSON.parse(line.toString());
const env = {
  ...process.env,
  SAFETY_REWARDS_URL: url,
  SAFETY_REWARDS_TOKEN: token,
  PYTHONDONTWRITEBYTECODE: "1",
};
const cwd = fileURLToPath(new URL("./glue", import.meta.url));

/** Runs a Python program of the glue; gives whether it succeeded. */
async function python(...args) {
  return run(process.env.PYTHON ?? "python3", args);
}

async function run(interpreter, args) {
  const child = spawn(interpreter, args, { cwd, env, stdio: "inherit" });
  const [code] = await once(child, "exit");
  return code === 0;
}

const results = [await python("check_glue.py")];
if (process.env.SWIFT_PYTHON) results.push(await run(process.env.SWIFT_PYTHON, ["check_ms_swift_training.py"]));
else console.log("--  no SWIFT_PYTHON: ms-swift's trainer was not run");
for (const framework of ["verl", "ms-swift", "EasyR1"]) {
  const checkout = join(process.env.FRAMEWORKS ?? "", framework);
  if (process.env.FRAMEWORKS && existsSync(checkout))
    results.push(await python("check_frameworks.py", framework, resolve(checkout)));
  else console.log(`--  no checkout of ${framework}: its own code was not run`);
}
server.kill("SIGTERM");
await once(server, "exit");
process.exitCode = results.every(Boolean) ? 0 : 1;
