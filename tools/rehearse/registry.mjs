// A registry of our own on a free loopback port, for our packages only.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts Verdaccio from `tools` (its node_modules) with its data below `folder`. @returns { url, stop } */
export async function startRegistry(tools, folder) {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  writeFileSync(
    join(folder, "config.yaml"),
    `storage: ${join(folder, "storage")}
auth: { htpasswd: { file: ${join(folder, "htpasswd")}, max_users: 1000 } }
packages: { "@videosafety/*": { access: $all, publish: $all, unpublish: $all } }
max_body_size: 200mb
log: { type: file, path: ${join(folder, "log")}, level: warn }
`,
  );
  const child = spawn(
    process.execPath,
    [
      join(tools, "node_modules/verdaccio/bin/verdaccio"),
      "--listen",
      `127.0.0.1:${port}`,
      "--config",
      join(folder, "config.yaml"),
    ],
    { stdio: "ignore" },
  );
  const url = `http://127.0.0.1:${port}/`;
  for (let waited = 0; ; waited += 200) {
    const up = await fetch(`${url}-/ping`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (up) break;
    if (child.exitCode !== null || waited > 60_000) throw new Error(`the registry did not start, see ${folder}/log`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return { url, stop: () => child.kill() };
}
