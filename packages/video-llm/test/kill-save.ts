/** Loads a model, and saves it into its own directory again and again with other weights: save k adds k to every weight's sign. */
import { loadVideoLlm, saveVideoLlm } from "../src/index.js";

const directory = process.argv[2] as string;
const model = await loadVideoLlm(directory);
for (let save = 1; ; save++) {
  for (const { data } of model.tensors.values()) data.fill(save);
  model.parametersChanged();
  await saveVideoLlm(model, directory, { maxShardBytes: save % 2 === 0 ? 30_000 : 5e9 });
  process.stdout.write(`${save}\n`);
}
