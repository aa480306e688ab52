// Starts a reward server from its TypeScript source and prints its address, so that a test can kill it.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { register } from "tsx/esm/api";

register({ tsconfig: fileURLToPath(new URL("../../../tsconfig.json", import.meta.url)) });
const { startRewardServer } = await import("../src/server.ts");
const { url } = await startRewardServer(
  { port: Number(process.argv[2]), workers: 1, ...JSON.parse(process.argv[3] ?? "{}") },
  { program: new URL("./worker-from-source.mjs", import.meta.url) },
);
process.stdout.write(`${url}\n`);
// With a channel to the test: the longest time since the last question in which the event loop answered nothing.
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on("message", () => {
  process.send?.(delay.max / 1e6);
  delay.reset();
});
process.channel?.unref();
