import type { TokenizerJson } from "@videosafety/alarm-tokens";
import { COMPLETION_TAGS } from "@videosafety/safety-data";
import { type LearnedMerges, learnMerges } from "@videosafety/video-llm";

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

/** A tokenizer with chat, placeholder, alarm and tag tokens, and `more` special ones, trained on weighted texts. */
export function tokenizerFrom(
  corpus: ReadonlyMap<string, number>,
  vocabularySize: number,
  more: readonly string[] = [],
): TokenizerJson {
  const texts = Array.from(corpus, ([text, weight]) => [text.normalize("NFC"), weight] as const);
  return tokenizerJson(
    learnMerges(texts, { vocabularySize, words: QWEN2_WORDS, maxTokenBytes: 24, leastWeight: 0 }),
    more,
  );
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

function tokenizerJson(bpe: LearnedMerges, more: readonly string[]): TokenizerJson {
  const special = [...new Set([...SPECIAL_TOKENS, ...more])];
  const added = [...special, ...TAG_TOKENS].map((content, i) => ({
    id: bpe.vocabulary.length + i,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: i < special.length,
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
