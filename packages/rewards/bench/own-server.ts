import { spawn } from "node:child_process";
import { once } from "node:events";

/** Starts the built server in a process of its own. */
export async function startOwnServer() {
  const server = spawn(
    process.execPath,
    [new URL("../bin/safety-rewards.mjs", import.meta.url).pathname, "serve", "--port", "0", "--log-level", "error"],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  const { url } = JSON.parse(line.toString()) as { url: string };
  return {
    url,
    /** Its metrics of this moment, by name. */
    metrics: async (): Promise<(name: string) => number> => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return (name) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
    },
    stop: async (): Promise<void> => {
      server.kill("SIGTERM");
      await once(server, "exit");
    },
  };
}
