import { parseArgs } from "node:util";
import { SHIPPED_BASE } from "../shipped-base-node.js";
import { shipCheckpoint } from "./record-training-node.js";

/*
 * Puts a tuned base in the place of the one that the repository ships, with the record of its training:
 *
 *   npx tsx examples/sign-world/src/base/ship-base.ts degradation/tuned-0.15 --overwrite
 */
const { values, positionals } = parseArgs({
  options: { overwrite: { type: "boolean", default: false }, out: { type: "string", default: SHIPPED_BASE } },
  allowPositionals: true,
});
const [from] = positionals;
if (from === undefined || positionals.length > 1) {
  console.error("expected one folder of a tuned base: ship-base.ts <folder> --overwrite");
  process.exit(2);
}
shipCheckpoint(from, values.out, values.overwrite);
