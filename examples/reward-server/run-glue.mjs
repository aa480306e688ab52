// Starts `safety-rewards serve` on a free port and runs the Python glue of every trainer against it.
// usage: [PYTHON=python3] node run-glue.mjs        (build first: pnpm turbo run build --filter=@videosafety/rewards)
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
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
const python = spawn(process.env.PYTHON ?? "python3", ["check_glue.py"], {
  cwd: fileURLToPath(new URL("./glue", import.meta.url)),
  env: { ...process.env, SAFETY_REWARDS_URL: url, SAFETY_REWARDS_TOKEN: token, PYTHONDONTWRITEBYTECODE: "1" },
  stdio: "inherit",
});
const [code] = await once(python, "exit");
server.kill("SIGTERM");
await once(server, "exit");
process.exitCode = code ?? 1;
