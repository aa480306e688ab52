import { parseArgs } from "node:util";
import { loadVideoLlm } from "@videosafety/video-llm";
import { admissionFindings, admissionTest } from "./admission.js";
import { modelAdmissionRows } from "./model-readers.js";

/*
 * The admission test of the world as a command: prints what readers of words alone and of frames alone reach, and
 * ends with 1 where one of them reaches more than is admitted.
 *
 *   npx tsx examples/sign-world/src/admission/check-admission.ts [--seed 1] [--training 1000] [--held-out 400] [--json]
 *
 * With --checkpoint F, a base of the world, three more readers: F's vision encoder, F without the clip, F without the query.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    training: { type: "string", default: "1000" },
    "held-out": { type: "string", default: "400" },
    checkpoint: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const numbers = { seed: Number(values.seed), training: Number(values.training), heldOut: Number(values["held-out"]) };
if (
  !Object.values(numbers).every((value) => Number.isInteger(value) && value >= 0) ||
  numbers.training < 30 ||
  numbers.heldOut < 30
) {
  console.error("expected whole numbers --seed, and --training and --held-out of at least 30");
  process.exit(2);
}
const rows = admissionTest(numbers);
if (values.checkpoint !== undefined) {
  const model = await loadVideoLlm(values.checkpoint);
  rows.push(...(await modelAdmissionRows(model, numbers)));
  await model.dispose();
}
if (values.json) console.log(JSON.stringify({ ...numbers, rows }));
else {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  console.log("| reader | HH, SH against N, B | VR |\n|---|---|---|");
  for (const { reader, requests, references } of rows)
    console.log(`| ${reader} | ${percent(requests)} | ${percent(references)} |`);
}
const findings = admissionFindings(rows);
for (const finding of findings) console.error(finding);
process.exitCode = findings.length === 0 ? 0 : 1;
