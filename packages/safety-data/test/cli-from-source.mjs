// Runs the command line from its TypeScript source, so that tests need no build.
import { fileURLToPath } from "node:url";
import { register } from "tsx/esm/api";

register({ tsconfig: fileURLToPath(new URL("../../../tsconfig.json", import.meta.url)) });
const { main } = await import("../src/cli/cli-node.ts");
process.exitCode = await main(process.argv.slice(2));
