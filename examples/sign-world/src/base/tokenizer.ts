import type { TokenizerJson } from "@videosafety/alarm-tokens";
import { COMPLETION_TAGS } from "@videosafety/safety-data";
import { type LearnedMerges, learnMerges } from "@videosafety/video-llm";
import { createScene, type Scene } from "../clips/scene.js";
import { type LanguagePack, TOPIC_QUESTIONS, VIDEO_QUESTIONS } from "../languages/language-pack.js";
import { LANGUAGE_PACKS } from "../languages/language-packs.js";
import { videoAnswer, withTopic } from "../languages/phrases.js";
import { taggedCompletion } from "../records/completions.js";

/** Ordinary tokens of the vocabulary; the added ones (chat, placeholder, alarm, tags) follow. */
export const BPE_VOCABULARY_SIZE = 2000;

const SPECIAL_TOKENS = [
  "<|endoftext|>",
  "<|im_start|>",
  "<|im_end|>",
  "<image>",
  "<|visual_alarm|>",
  "<|textual_alarm|>",
];
const TAG_TOKENS = COMPLETION_TAGS.flatMap((tag) => [`<${tag}>`, `</${tag}>`]);

/** The pre-tokenizer's pattern of Qwen2's tokenizer (Hugging Face `Qwen/Qwen2-0.5B`, tokenizer.json). */
const QWEN2_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
/** The same in JavaScript, which knows no flags for a group. */
const QWEN2_WORDS = new RegExp(
  QWEN2_PATTERN.replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])"),
  "gu",
);

/** Trains the tokenizer on the world's training texts (held-out templates stay unseen). A few seconds. */
export function buildTokenizer(vocabularySize: number = BPE_VOCABULARY_SIZE): TokenizerJson {
  return tokenizerFrom(trainingCorpus(), vocabularySize);
}

/** A tokenizer with chat, placeholder, alarm and tag tokens, trained on weighted texts. */
export function tokenizerFrom(corpus: ReadonlyMap<string, number>, vocabularySize: number): TokenizerJson {
  const texts = Array.from(corpus, ([text, weight]) => [text.normalize("NFC"), weight] as const);
  return tokenizerJson(learnMerges(texts, { vocabularySize, words: QWEN2_WORDS, maxTokenBytes: 24, leastWeight: 0 }));
}

/** The contents of tokenizer_config.json. */
export const TOKENIZER_CONFIG = {
  add_prefix_space: false,
  bos_token: null,
  clean_up_tokenization_spaces: false,
  eos_token: "<|im_end|>",
  errors: "replace",
  model_max_length: 32768,
  pad_token: "<|endoftext|>",
  split_special_tokens: false,
  tokenizer_class: "Qwen2Tokenizer",
  unk_token: null,
} as const;

/** Every training text with its weight; each language weighs the same. */
export function trainingCorpus(): Map<string, number> {
  const corpus = new Map<string, number>();
  const add = (text: string, weight: number): void => void corpus.set(text, (corpus.get(text) ?? 0) + weight);
  for (const pack of LANGUAGE_PACKS) for (const [text, weight] of languageTexts(pack)) add(text, weight);
  for (let k = 0; k < 6; k++) add(`Time ${k}.0s:,`, 300);
  for (const role of ["system", "user", "assistant"]) add(`${role}\n`, 300);
  return corpus;
}

function* languageTexts(pack: LanguagePack): Generator<[string, number]> {
  for (let topic = 0; topic < pack.topics.length; topic++) {
    for (const template of pack.harmful.train) yield [withTopic(pack, template, topic), 1];
    for (const kind of TOPIC_QUESTIONS) {
      for (const template of pack.topic[kind].train) yield [withTopic(pack, template, topic), 1];
      yield [withTopic(pack, pack.topic[kind].answer, topic), 1];
    }
    for (const template of [...pack.refusals, pack.compliance]) yield [withTopic(pack, template, topic), 2];
    const scene = createScene(`corpus/${topic}`, { hazard: topic });
    if (pack.language === "en") yield [taggedCompletion(scene, topic, ""), 10];
    yield [videoAnswer(pack, "sign", scene), 1];
  }
  for (const question of VIDEO_QUESTIONS) for (const template of pack.video[question].train) yield [template, 8];
  for (const scene of objectScenes()) {
    for (const question of VIDEO_QUESTIONS) yield [videoAnswer(pack, question, scene), 0.3];
    if (pack.language === "en") yield [taggedCompletion(scene, null, ""), 4];
  }
  for (const question of pack.general) for (const text of [...question.train, question.answer]) yield [text, 8];
}

function* objectScenes(): Generator<Scene> {
  for (let i = 0; i < 64; i++) {
    yield createScene(`corpus/object/${i}`, { hazard: null, harmless: i % 4 === 0, objects: i % 8 === 1 ? 2 : 1 });
  }
}

function tokenizerJson(bpe: LearnedMerges): TokenizerJson {
  const added = [...SPECIAL_TOKENS, ...TAG_TOKENS].map((content, i) => ({
    id: bpe.vocabulary.length + i,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: i < SPECIAL_TOKENS.length,
  }));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: { type: "NFC" },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: QWEN2_PATTERN }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
      ],
    },
    post_processor: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(bpe.vocabulary.map((token, id) => [token, id])),
      merges: bpe.merges.map((pair) => [...pair]),
    },
  };
}
