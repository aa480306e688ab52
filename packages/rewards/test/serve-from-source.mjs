// Starts a reward server from its TypeScript source and prints its address, so that a test can kill it.
import { fileURLToPath } from "node:url";
import { register } from "tsx/esm/api";

register({ tsconfig: fileURLToPath(new URL("../../../tsconfig.json", import.meta.url)) });
const { startRewardServer } = await import("../src/server.ts");
const { url } = await startRewardServer(
  { port: Number(process.argv[2]), workers: 1 },
  { program: new URL("./worker-from-source.mjs", import.meta.url) },
);
process.stdout.write(`${url}\n`);
