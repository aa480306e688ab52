import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createVideoLlm, loadVideoLlm, type VideoLlm } from "@videosafety/video-llm";
import { createWorldRng } from "sign-world";
import { MERGE, SQUARE, VISION } from "./eyes.js";

/**
 * ChatML, word for word as SmolLM2 was tuned on, with SmolVLM2's end of a turn in place of its own: both have one embedding
 * here. No system prompt.
 */
export const CHAT_TEMPLATE = [
  "{% for message in messages %}<|im_start|>{{ message['role'] }}\n",
  "{% for part in message['content'] %}{% if part['type'] == 'text' %}{{ part['text'] }}",
  "{% elif part['type'] == 'image' %}{{ '<image>' }}{% elif part['type'] == 'video' %}{{ '<video>' }}{% endif %}{% endfor %}",
  "<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
].join("");

const EMBEDDINGS = "model.embed_tokens.weight";
const PROJECTOR = "model.mm_projector.proj.weight";
/** Tokens of SmolVLM2 that the text model never had. */
const NEW_TOKENS = ["<fake_token_around_image>", "<global-img>", "<image>"];

/**
 * The language model of a converted directory (tools/convert-gguf.py) with trained eyes and a fresh projector.
 *
 * @param decoder the directory
 * @param eyes what `createEyes` and `trainEyes` made; null leaves the encoder fresh (tests)
 */
export async function assembleModel(decoder: string, eyes: VideoLlm | null, seed: number): Promise<VideoLlm> {
  const text = await loadVideoLlm(decoder, { threads: 1 });
  const json = async (name: string) => JSON.parse(await readFile(join(decoder, name), "utf8"));
  const { hiddenSize, intermediateSize, layers, heads, keyValueHeads, headSize, vocabularySize } = text.config;
  const { rmsNormEps, ropeTheta, tieWordEmbeddings, maxPositions } = text.config;
  const model = createVideoLlm({
    config: {
      ...{ hiddenSize, intermediateSize, layers, heads, keyValueHeads, headSize, vocabularySize },
      ...{ rmsNormEps, ropeTheta, tieWordEmbeddings, maxPositions },
      ...{ family: "smolvlm2", mergeSize: MERGE, vision: VISION },
    },
    tokenizer: { tokenizer: await json("tokenizer.json"), tokenizerConfig: await json("tokenizer_config.json") },
    preprocessor: { square: SQUARE },
    chatTemplate: CHAT_TEMPLATE,
    seed,
    threads: 1,
    memoryPattern: false,
  });
  const own = model.trainableParameters(["llm", "projector", "visionEncoder"]);
  for (const [name, tensor] of own) {
    const source = tensor.group === "llm" ? text : tensor.group === "visionEncoder" ? eyes : null;
    if (source === null) continue;
    const found = source.tensors.get(name);
    if (found === undefined || found.data.length !== tensor.data.length)
      throw new Error(
        `${name}: expected ${tensor.dims.join(" x ")} in the ${tensor.group} to copy, found ${found?.dims.join(" x ") ?? "none"}`,
      );
    tensor.data.set(found.data);
  }
  const deviation = writeNewTokens(model, own.get(EMBEDDINGS)?.data as Float32Array, seed);
  // Visual tokens begin at the size of the words' embeddings: the fresh projector keeps the encoder's unit variance.
  const projector = own.get(PROJECTOR)?.data as Float32Array;
  for (let i = 0; i < projector.length; i++) projector[i] = (projector[i] as number) * deviation;
  model.parametersChanged();
  return model;
}

/** Gives the tokens that the text model never had an embedding; returns the table's standard deviation. */
function writeNewTokens(model: VideoLlm, table: Float32Array, seed: number): number {
  const width = model.hiddenSize;
  const ids = new Map(model.tokenizer.files.tokenizer.added_tokens?.map(({ content, id }) => [content, id]));
  const rowOf = (token: string): Float32Array => {
    const id = ids.get(token);
    if (id === undefined) throw new Error(`expected the token ${token} in the tokenizer, found none`);
    return table.subarray(id * width, (id + 1) * width);
  };
  const deviation = Math.sqrt(table.reduce((sum, value) => sum + value * value, 0) / table.length);
  rowOf("<end_of_utterance>").set(rowOf("<|im_end|>"));
  for (const token of NEW_TOKENS) {
    const rng = createWorldRng(seed, token);
    const row = rowOf(token);
    for (let i = 0; i < width; i++) row[i] = deviation * Math.sqrt(3) * (2 * rng.uniform() - 1);
  }
  return deviation;
}
