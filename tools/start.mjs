// Behind `npm run demo` and `npm test`: needs only Node and npm. Brings the pinned pnpm, installs, hands over.
// usage: start.mjs demo|check [arguments handed on]
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `videosafety needs Node >= 20.19, found ${process.versions.node}: install a newer Node (https://nodejs.org), then run the command again`,
  );
  process.exit(1);
}

const root = fileURLToPath(new URL("..", import.meta.url));
const [target, ...handedOn] = process.argv.slice(2);
if (target !== "demo" && target !== "check") {
  console.error("usage: node tools/start.mjs demo|check [arguments]");
  process.exit(2);
}
const { packageManager } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

/** Runs a command line in the repository; ends this process with its exit code unless it succeeds. */
function run(line, environment = {}) {
  const result = spawnSync(line, { cwd: root, shell: true, stdio: "inherit", env: { ...process.env, ...environment } });
  if (result.status !== 0) process.exit(result.status ?? 1);
}
const withPnpm = (line) => `npx -y --loglevel=error --prefer-offline -p ${packageManager} -c ${JSON.stringify(line)}`;

run(
  withPnpm(
    `pnpm install --frozen-lockfile --filter=!docs-site --reporter=${process.env.CI ? "append-only" : "default"}`,
  ),
);
// Arguments travel through the environment, so no shell quotes them twice.
run(withPnpm(`pnpm run run:${target}`), { VIDEOSAFETY_ARGUMENTS: JSON.stringify(handedOn) });
