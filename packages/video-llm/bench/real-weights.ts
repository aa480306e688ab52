/**
 * Greedy continuations of a converted text model (tools/convert-gguf.py), compared with transformers' in answers.json.
 * usage: npx tsx packages/video-llm/bench/real-weights.ts DIRECTORY [precision]
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadVideoLlm, type Precision } from "../src/index.js";

const [directory = "", precision = "float32"] = process.argv.slice(2) as [string?, Precision?];
const { transformers, answers } = JSON.parse(await readFile(join(directory, "answers.json"), "utf8")) as {
  transformers: string;
  answers: { prompt: string; inputIds: number[]; tokenIds: number[]; text: string }[];
};
const model = await loadVideoLlm(directory, { precision });
let same = 0;
let samePrompts = 0;
let tokens = 0;
const started = performance.now();
for (const { prompt: content, inputIds, tokenIds } of answers) {
  const prompt = model.preparePrompt({ messages: [{ role: "user", content }], alarmTokens: false });
  const ids = `${prompt.tokenIds}` === `${inputIds}`;
  const [[completion] = []] = await model.generate([prompt], { maxCompletionLength: 40 });
  const found = Array.from(completion?.tokenIds ?? []);
  tokens += found.length;
  samePrompts += Number(ids);
  const equal = `${found}` === `${tokenIds}`;
  same += Number(equal);
  console.log(`${equal && ids ? "same " : "OTHER"} ${JSON.stringify(completion?.text)}`);
}
const seconds = (performance.now() - started) / 1000;
console.log(
  JSON.stringify({
    transformers,
    precision,
    prompts: answers.length,
    samePrompts,
    sameContinuations: same,
    tokens,
    seconds,
  }),
);
if (precision === "float32" && same < answers.length) process.exitCode = 1;
