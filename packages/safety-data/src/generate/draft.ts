import { createRng, deriveSeed } from "@videosafety/random";
import { GenerationError } from "../errors.js";
import type { CompiledGrammar, GrammarLanguage, Kind } from "../grammar/compile-grammar.js";
import { checkSplit, drawTexts, drawWeighted } from "../grammar/draw.js";
import type { RecordField } from "../grammar/grammar-schema.js";
import { type Clip, describeClip, type GenerationSettings } from "./generation-settings.js";

/** A record as the grammar made it; a model may still have to write a part. */
export interface Draft {
  /** Its number: together with grammar, seed and clips it decides everything here. */
  readonly index: number;
  readonly language: string;
  readonly kind: Kind;
  readonly clip: Clip | null;
  /** What the grammar wrote. */
  readonly fields: Readonly<Partial<Record<RecordField, string>>>;
  /** What a model is told; null where none writes. */
  readonly prompt: string | null;
  readonly production: string;
}

/** What drafts are drawn from. */
export interface DraftSource {
  readonly grammar: CompiledGrammar;
  readonly clips: readonly Clip[];
  readonly settings: Pick<GenerationSettings, "seed" | "languages" | "split" | "formats" | "generator">;
}

const CLIPS: Readonly<Record<Kind["clip"], (clip: Clip) => boolean>> = {
  none: () => false,
  any: () => true,
  safe: ({ visual }) => visual === 0,
  harmful: ({ visual }) => visual === 1,
};

/**
 * Checks that every draft can be drawn and written as asked, and gives the function that draws draft i. The same grammar, clips and
 * settings give the same draft i, whatever was drawn before.
 *
 * @throws GenerationError "config" for what does not fit together; GrammarError "no-split"
 */
export function draftSource({ grammar, clips, settings }: DraftSource): (index: number) => Draft {
  checkSplit(grammar, settings.split);
  const languages = settings.languages ?? [...grammar.languages.keys()];
  const fit = (message: string): GenerationError => new GenerationError("config", message);
  const fitting = new Map(Object.entries(CLIPS).map(([wish, fits]) => [wish, clips.filter(fits)]));
  for (const language of languages) {
    const found = grammar.languages.get(language);
    if (!found) throw fit(`languages: expected one of ${[...grammar.languages.keys()].join(", ")}, found ${language}`);
    for (const kind of found.kinds) checkKind(kind, language, fitting, settings, fit);
  }
  return (index) => {
    const rng = createRng(deriveSeed(settings.seed, index));
    const language = drawWeighted(rng, languages);
    const rules = grammar.languages.get(language) as GrammarLanguage;
    const kind = drawWeighted(rng, rules.kinds, ({ weight }) => weight);
    const clip = kind.clip === "none" ? null : drawWeighted(rng, fitting.get(kind.clip) as readonly Clip[]);
    const description = clip === null ? undefined : describeClip(clip, language);
    const given = description === undefined ? {} : { clip: description };
    const { fields, prompt, production } = drawTexts(rng, rules, kind, settings.split, given);
    return { index, language, kind, clip, fields, prompt, production };
  };
}

function checkKind(
  kind: Kind,
  language: string,
  fitting: ReadonlyMap<string, readonly Clip[]>,
  { formats, generator }: DraftSource["settings"],
  fit: (message: string) => GenerationError,
): void {
  const name = `kind ${kind.id} of ${language}`;
  if (kind.model !== null && generator === undefined)
    throw fit(
      `${name}: expected a generator, since a model writes its ${kind.model.writes.join(", ")}: name one in the settings`,
    );
  if (kind.clip === "none" && formats.includes("rl"))
    throw fit(`${name}: expected clips for the format rl, found "clip": "none": leave rl out, or give the kind clips`);
  const clips = fitting.get(kind.clip) as readonly Clip[];
  if (kind.clip !== "none" && clips.length === 0)
    throw fit(`${name}: expected clips (${kind.clip}), found none: give a media file that has some`);
  if (kind.needsDescription && clips.some((clip) => describeClip(clip, language) === undefined))
    throw fit(
      `${name}: expected a description of every clip in ${language}, since it uses {clip}, found a clip without one`,
    );
  const thinks = kind.fields.has("think") || kind.model?.writes.includes("think");
  if (!thinks && formats.some((format) => format !== "sft"))
    throw fit(
      `${name}: expected reasoning for the format ${formats.find((format) => format !== "sft")}, found no "think"`,
    );
}
