/** How one language declines. Patterns are compiled by {@link compilePatterns}. */
export interface PatternSet {
  /** BCP-47 tag of the language. */
  readonly language: string;
  /** First-person refusals: "I can't help with that". */
  readonly refusal: readonly string[];
  /** The speaker cannot perceive the input: "I can't see the video". */
  readonly inability: readonly string[];
  /** After a refusal, turns back to fulfilling the request: "that said, here is how". */
  readonly resume: readonly string[];
  /** Any first-person negation: a refusal where the whole answer has no content. */
  readonly loose: readonly string[];
  /** A word for the clip with any negation: an inability where the whole answer has no content and no strict match. */
  readonly lack: readonly string[];
  /** Others' acts told: "the clerk says that they cannot help". Nothing in such a sentence is the speaker's own. */
  readonly reported: readonly string[];
  /** Idioms that look like refusals and are none: "I can't help but smile". Taken out before anything is matched. */
  readonly idiom: readonly string[];
  /** Words of sentences that go with a refusal and fulfil nothing: sympathy, reasons, offers, support, questions. */
  readonly soft: readonly string[];
  /** Ends of sentences that introduce a list of offers: "what I can do:". */
  readonly offer: readonly string[];
  /** Says that the request is harmful: tells a refusal from an inability when both match. */
  readonly harm: readonly string[];
}

/**
 * Letters of normalised text by language, for the start and end of words. Small classes, since each pattern has several
 * and `\p{L}` in all of them takes seconds to compile.
 */
const LETTERS: Readonly<Record<string, string>> = {
  ru: "[0-9a-zа-я]",
  ar: "[0-9\\u0620-\\u06ff]",
  hi: "[0-9\\u0900-\\u0963\\u0966-\\u097f]",
};

/**
 * One expression that matches any of the patterns in normalised text; null for none. `<` and `>` in a pattern stand
 * for the start and the end of a word in the language's script (the built-in `\b` knows ASCII only).
 */
export function compilePatterns(patterns: readonly string[], language: string): RegExp | null {
  if (patterns.length === 0) return null;
  const letter = LETTERS[language] ?? "[0-9a-z]";
  const expand = (pattern: string): string => pattern.replace(/</g, `(?<!${letter})`).replace(/>/g, `(?!${letter})`);
  // Patterns that start at the start of a word share one look behind, which most places of a text fail at once. Their order stays.
  const groups: { readonly atWord: boolean; readonly sources: string[] }[] = [];
  for (const pattern of patterns.map((one) => one.normalize("NFC"))) {
    const atWord = pattern.startsWith("<") && !hasAlternatives(pattern);
    const source = `(?:${expand(atWord ? pattern.slice(1) : pattern)})`;
    const last = groups.at(-1);
    if (last?.atWord === atWord) last.sources.push(source);
    else groups.push({ atWord, sources: [source] });
  }
  const source = groups
    .map(({ atWord, sources }) => (atWord ? `${expand("<")}(?:${sources.join("|")})` : sources.join("|")))
    .join("|");
  return new RegExp(source, "u");
}

/** Whether a pattern has a `|` outside brackets: its first sign then belongs to its first alternative only. */
function hasAlternatives(pattern: string): boolean {
  let depth = 0;
  for (const [sign] of pattern
    .replace(/\\./g, "")
    .replace(/\[[^\]]*\]/g, "")
    .matchAll(/[()|]/g)) {
    if (sign === "(") depth++;
    else if (sign === ")") depth--;
    else if (depth === 0) return true;
  }
  return false;
}
