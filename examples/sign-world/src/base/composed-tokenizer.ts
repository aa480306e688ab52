import type { Grammar } from "../grammars/grammar.js";
import { GRAMMARS } from "../grammars/grammars.js";
import { createWorldRng } from "../random/rng.js";
import { buildComposedSet, type ComposedSample, drawComposedScene, drawExchange } from "../records/composed-set.js";
import { composedCompletion, THINK_FIRST } from "../records/sight.js";
import { composedConversation } from "./composed-pretraining.js";
import { tokenizerFrom } from "./tokenizer.js";

/** Ordinary tokens of the world's vocabulary. */
export const COMPOSED_VOCABULARY = 2400;

/** The tokenizer of the world's base, trained on drawn training texts: held-out productions stay unseen. `more` are an architecture's special tokens. */
export const buildComposedTokenizer = (more: readonly string[] = []) =>
  tokenizerFrom(composedCorpus(), COMPOSED_VOCABULARY, more);

function composedCorpus(): Map<string, number> {
  const corpus = new Map<string, number>();
  const add = (text: string, weight: number): void => void corpus.set(text, (corpus.get(text) ?? 0) + weight);
  for (const [language, grammar] of GRAMMARS.entries())
    for (let i = 0; i < 400; i++) addExchange(add, grammar, language, i);
  const thinking = buildComposedSet({ seed: 0, name: "corpus", split: "train", clips: 80, pairs: 20 });
  for (const sample of thinking.samples) add(composedCompletion({ ...sample, answer: "" } as ComposedSample), 4);
  for (let i = 0; i < 300; i++) {
    const { answer } = composedConversation(0, i, "caption").turns[0] as { answer: string };
    add(answer, 3);
  }
  for (let k = 0; k < 6; k++) add(`Time ${k}.0s:,`, 300);
  corpus.set(THINK_FIRST, 300);
  for (const role of ["system", "user", "assistant"]) add(`${role}\n`, 300);
  return corpus;
}

function addExchange(add: (text: string, weight: number) => void, grammar: Grammar, language: number, i: number): void {
  const rng = createWorldRng("corpus", language, i);
  const scene = drawComposedScene(`corpus/${language}/${i}`, "train", i % 2 === 0, rng);
  const family = (["H", "N", "B", "V", "V", "G"] as const)[i % 6] ?? "G";
  const { query, answer } = drawExchange(family, grammar, "train", scene, rng);
  add(query, 1);
  add(answer, 1);
  if (scene.signs.length > 0) add(drawExchange("R", grammar, "train", scene, rng).query, 0.3);
}
