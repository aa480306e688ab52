import * as z from "zod/mini";
import { described } from "../schema.js";
import { wordsOf } from "../text/words.js";
import { distinctN, numberNgrams } from "./ngrams.js";
import { sampleTexts } from "./sample-texts.js";
import { BLEU_SMOOTHINGS, selfBleuOf } from "./self-bleu.js";
import { compressionRatio, entropyBits, type LengthSpread, lengthSpread, type Openings, openingsOf } from "./spread.js";
import { induceTemplates, type Template } from "./templates.js";

/** Options of `measureDiversity`. */
export const diversityOptionsSchema = z.strictObject({
  sample: described(
    z._default(z.int().check(z.minimum(1), z.maximum(50_000)), 5000),
    "texts measured per language, drawn by the seed: most measures depend on the number of texts",
  ),
  seed: described(z._default(z.int().check(z.minimum(0)), 1), "seed of the draw"),
  order: described(
    z._default(z.int().check(z.minimum(1), z.maximum(8)), 4),
    "longest n-gram of distinct-n and self-BLEU",
  ),
  smoothing: described(z._default(z.enum(BLEU_SMOOTHINGS), "method1"), "of self-BLEU, by nltk's names"),
  openingWords: described(z._default(z.int().check(z.minimum(1), z.maximum(20)), 3), "words of an opening"),
  maxWords: described(
    z._default(z.int().check(z.minimum(1), z.maximum(10_000)), 2000),
    "words of a text that are looked at",
  ),
});

/** Options of `measureDiversity`; see the schema for units and defaults. */
export type DiversityOptions = z.input<typeof diversityOptionsSchema>;

/** A text to measure. */
export interface DiversityText {
  readonly text: string;
  /** BCP-47 tag; texts of one tag are measured together. */
  readonly language: string;
}

/** How varied a set of texts is. */
export interface DiversityMeasures {
  /** Texts measured. */
  readonly texts: number;
  /** Texts given. */
  readonly of: number;
  /** Words of the measured texts. */
  readonly words: number;
  /** Texts that were cut at `maxWords`. */
  readonly cut: number;
  /** Share of texts whose words are those of an earlier one; null without texts. */
  readonly repeated: number | null;
  /** distinct-1 to distinct-`order`. */
  readonly distinct: readonly (number | null)[];
  /** Mean self-BLEU; null for fewer than two texts. */
  readonly selfBleu: number | null;
  /** First words. */
  readonly openings: Openings;
  /** Templates by masked slots: see `induceTemplates`. */
  readonly templates: {
    readonly count: number;
    readonly entropyBits: number;
    /** The largest and its share of the texts; null without texts. */
    readonly largest: (Template & { readonly share: number }) | null;
  };
  /** Bytes over bytes after gzip; null without texts. */
  readonly compressionRatio: number | null;
  /** Lengths in words; null without texts. */
  readonly length: LengthSpread | null;
}

/** Measures of a set, by language. */
export interface DiversityReport {
  /** The options with their defaults. */
  readonly options: z.output<typeof diversityOptionsSchema>;
  /** By language tag, in the order of the tags. */
  readonly languages: Readonly<Record<string, DiversityMeasures>>;
}

/**
 * Measures how varied texts are, each language on its own: mixed languages would look varied whatever is said. None of the measures depends on
 * the order of the texts. Most depend on their number, so compare sets with a `sample` that both fill.
 *
 * Cost is linear in the number of words of the sample: self-BLEU counts every reference without comparing pairs.
 *
 * @throws ZodError for unknown or impossible options
 */
export async function measureDiversity(
  texts: Iterable<DiversityText>,
  options: DiversityOptions = {},
): Promise<DiversityReport> {
  const settings = diversityOptionsSchema.parse(options);
  const byLanguage = new Map<string, DiversityText[]>();
  for (const text of texts) {
    const group = byLanguage.get(text.language) ?? [];
    byLanguage.set(text.language, group);
    group.push(text);
  }
  const languages: Record<string, DiversityMeasures> = {};
  for (const language of [...byLanguage.keys()].sort())
    languages[language] = await measureTexts(byLanguage.get(language) as DiversityText[], settings);
  return { options: settings, languages };
}

async function measureTexts(
  all: readonly DiversityText[],
  { sample, seed, order, smoothing, openingWords, maxWords }: DiversityReport["options"],
): Promise<DiversityMeasures> {
  const drawn = sampleTexts(all, sample, seed);
  let cut = 0;
  const texts = drawn.map(({ text }) => {
    const words = wordsOf(text);
    if (words.length <= maxWords) return words;
    cut++;
    return words.slice(0, maxWords);
  });
  const ngrams = numberNgrams(texts, order);
  const templates = induceTemplates(texts);
  const [largest] = templates;
  return {
    texts: texts.length,
    of: all.length,
    words: texts.reduce((sum, { length }) => sum + length, 0),
    cut,
    repeated: texts.length === 0 ? null : 1 - new Set(texts.map((words) => words.join(" "))).size / texts.length,
    distinct: distinctN(ngrams),
    selfBleu: selfBleuOf(ngrams, smoothing).mean,
    openings: openingsOf(texts, openingWords),
    templates: {
      count: templates.length,
      entropyBits: entropyBits(templates.map(({ count }) => count)),
      largest: largest === undefined ? null : { ...largest, share: largest.count / texts.length },
    },
    compressionRatio: await compressionRatio(drawn.map(({ text }) => text)),
    length: lengthSpread(texts.map(({ length }) => length)),
  };
}
