import type { Grammar } from "../grammars/grammar.js";
import { BENIGN_GLYPHS } from "../grammars/grammar.js";
import { GRAMMARS } from "../grammars/grammars.js";
import { createWorldRng, type WorldRng } from "../random/rng.js";
import type { Colour } from "../scenes/canvas.js";
import { type ComposedScene, createComposedScene, isHarmfulScene, type SignWish } from "../scenes/composed-scene.js";
import { HARMFUL_GLYPHS, isHazard } from "../scenes/composed-sign.js";
import { clipQuestion, referringRequest } from "./clip-queries.js";
import { isHeldOutComposition, NEW_TOPICS, type Novelty, SHOWN_TOPICS, TOPICS, TRAINED_TOPICS } from "./novelty.js";
import type { ComposedExchange, Family, Split } from "./query-form.js";
import { generalQuestion, harmfulRequest, harmlessRequest, nearMiss } from "./request-queries.js";

/** A clip to write and what it shows. */
export interface ComposedClip {
  /** Relative path with forward slashes, ending in `.mp4`. */
  readonly path: string;
  /** What it shows. */
  readonly scene: ComposedScene;
}

/** A sample of the world. */
export interface ComposedSample extends ComposedExchange {
  /** Unique in its set. */
  readonly id: string;
  /** BCP-47 tag. */
  readonly language: string;
  /** The clip, or null for text alone. */
  readonly clip: ComposedClip | null;
  /** What about it training never showed. */
  readonly novelty: Novelty;
  /** Members of a minimal pair share it: the same query, with a clip that makes it harmful and one that does not. */
  readonly pair: string | null;
}

/** A set of samples and the clips they need. */
export interface ComposedSet {
  /** Samples in a fixed order. */
  readonly samples: readonly ComposedSample[];
  /** The clips, each once. */
  readonly clips: readonly ComposedClip[];
}

/** What {@link buildComposedSet} takes. */
export interface ComposedSetOptions {
  /** Run seed. */
  readonly seed: number;
  /** Part of ids and clip seeds: two sets never share a clip. */
  readonly name: string;
  /** Which productions, topics and compositions. */
  readonly split: Split;
  /** Clips with one query of each of the families H, N, B and V; every third has one of family G as well. */
  readonly clips: number;
  /** Groups of two clips whose two signs are swapped: two minimal pairs of family R each. */
  readonly pairs: number;
  /** Languages that take turns. Default all ten. */
  readonly grammars?: readonly Grammar[];
}

/**
 * Builds a set. Every clip, hazardous or not, comes with the same families, and every referring query with a hazardous and
 * with a harmless reading: neither the clip alone nor, in family R, the query alone tells what is right.
 */
export function buildComposedSet(options: ComposedSetOptions): ComposedSet {
  const { seed, name, split, clips, pairs, grammars = GRAMMARS } = options;
  const made: ComposedClip[] = [];
  const samples: ComposedSample[] = [];
  for (let i = 0; i < clips; i++) {
    const rng = createWorldRng(seed, name, "clip", i);
    const path = `${name}/clip-${i}-s${seed}.mp4`;
    const clip = { path, scene: drawComposedScene(path, split, i % 2 === 0, rng) };
    made.push(clip);
    const families: Family[] = i % 3 === 0 ? ["H", "N", "B", "V", "G"] : ["H", "N", "B", "V"];
    for (const [k, family] of families.entries()) {
      const grammar = grammars[(i + 3 * k) % grammars.length] as Grammar;
      const shown = clip.scene.signs.find(isHazard)?.glyph ?? null;
      const exchange = drawExchange(family, grammar, split, clip.scene, createWorldRng(seed, name, family, i), shown);
      samples.push(finish(exchange, `${name}-${family}-${i}`, grammar, clip, null));
    }
  }
  for (let i = 0; i < pairs; i++) {
    const rng = createWorldRng(seed, name, "pair", i);
    const grammar = grammars[i % grammars.length] as Grammar;
    const two = drawPair(`${name}/pair-${i}-s${seed}`, split, rng);
    made.push(...two);
    for (const sign of [0, 1]) {
      const pair = `${name}-pair-${i}-${sign}`;
      for (const [k, clip] of two.entries()) {
        // One generator for both members: the same query, word for word.
        const query = createWorldRng(seed, name, "R", i, sign);
        const exchange = referringRequest(grammar, split, clip.scene, sign, query);
        samples.push(finish(exchange, `${name}-R-${i}-${sign}${"ab"[k]}`, grammar, clip, pair));
      }
    }
  }
  return { samples: createWorldRng(seed, name, "order").shuffle(samples), clips: made };
}

function finish(
  exchange: ComposedExchange,
  id: string,
  { pack }: Grammar,
  clip: ComposedClip,
  pair: string | null,
): ComposedSample {
  return { ...exchange, id, language: pack.language, clip, pair, novelty: noveltyOf(exchange, clip.scene) };
}

/** A request's novelty is that of its topic; a clip adds what its hazard signs show. */
function noveltyOf({ topic, family }: ComposedExchange, { signs }: ComposedScene): Novelty {
  const hazards = signs.filter(isHazard);
  if (
    (topic !== null && family !== "V" && NEW_TOPICS.includes(topic)) ||
    hazards.some(({ glyph }) => NEW_TOPICS.includes(glyph))
  )
    return "new-topic";
  return hazards.some(({ glyph, colour }) => isHeldOutComposition(glyph, colour)) ? "new-composition" : "seen";
}

/** A query of a family for a clip (or none: families V and R need one). */
export function drawExchange(
  family: Family,
  grammar: Grammar,
  split: Split,
  scene: ComposedScene | null,
  rng: WorldRng,
  shown: number | null = null,
): ComposedExchange {
  const harmfulTopics = split === "train" ? TRAINED_TOPICS : TOPICS.map((_, i) => i);
  switch (family) {
    case "H": {
      // Half of the harmful requests beside a hazard are about what the sign shows.
      const topic = shown !== null && rng.integer(2) === 0 ? shown : rng.pick(harmfulTopics);
      return harmfulRequest(grammar, split, topic, rng);
    }
    case "N":
      return nearMiss(grammar, split, rng.integer(TOPICS.length), rng);
    case "B":
      return harmlessRequest(grammar, split, rng);
    case "G":
      return generalQuestion(grammar, split, rng);
    case "V":
    case "R":
      if (scene === null) throw new RangeError(`family ${family} needs a clip, found none`);
      return family === "V"
        ? clipQuestion(grammar, split, scene, rng)
        : referringRequest(grammar, split, scene, rng.integer(scene.signs.length), rng);
  }
}

/** A scene with a hazard sign, alone or beside a harmless one, or without: then with no, one or two harmless signs. */
export function drawComposedScene(seed: string, split: Split, hazard: boolean, rng: WorldRng): ComposedScene {
  const harmless = (): SignWish => drawHarmlessSign(rng);
  if (!hazard) {
    const count = [0, 1, 1, 1, 2][rng.integer(5)] as number;
    return createComposedScene(seed, Array.from({ length: count }, harmless));
  }
  const wishes: SignWish[] =
    rng.integer(5) < 2 ? [{ glyph: 0, border: "hazard" }, harmless()] : [{ glyph: 0, border: "hazard" }];
  if (wishes.length === 2 && rng.integer(2) === 0) wishes.reverse();
  const at = wishes.findIndex(({ border, glyph }) => border === "hazard" && glyph === 0);
  const colour = (createComposedScene(seed, wishes).signs[at] as { colour: Colour }).colour;
  wishes[at] = { glyph: drawHazardGlyph(split, [colour], rng), border: "hazard" };
  return createComposedScene(seed, wishes);
}

function drawHarmlessSign(rng: WorldRng): SignWish {
  // The same glyph in an information border, or the same border around a harmless glyph.
  if (rng.integer(2) === 0) return { glyph: rng.pick(SHOWN_TOPICS), border: "information" };
  return {
    glyph: HARMFUL_GLYPHS + rng.integer(BENIGN_GLYPHS),
    border: rng.integer(3) === 0 ? "information" : "hazard",
  };
}

/** A glyph of a hazard in these colours: in training none of a new topic, and no held-out composition. */
function drawHazardGlyph(split: Split, colours: readonly Colour[], rng: WorldRng): number {
  if (split === "heldOut") return rng.pick(SHOWN_TOPICS);
  return rng.pick(
    SHOWN_TOPICS.filter(
      (glyph) => !NEW_TOPICS.includes(glyph) && colours.every((colour) => !isHeldOutComposition(glyph, colour)),
    ),
  );
}

/** Two clips that differ in which of their two signs is the hazard. */
function drawPair(key: string, split: Split, rng: WorldRng): [ComposedClip, ComposedClip] {
  const colours = createComposedScene(key, [drawHarmlessSign(rng), drawHarmlessSign(rng)]).signs.map(
    ({ colour }) => colour,
  );
  const hazard: SignWish = { glyph: drawHazardGlyph(split, colours, rng), border: "hazard" };
  const other = drawHarmlessSign(rng);
  const clip = (name: string, wishes: readonly SignWish[]): ComposedClip => ({
    path: `${key}-${name}.mp4`,
    scene: createComposedScene(key, wishes),
  });
  return [clip("a", [hazard, other]), clip("b", [other, hazard])];
}

/** Labels of a sample: of the clip, and of what the query asks for with it. */
export const composedLabels = ({ clip, harm }: Pick<ComposedSample, "clip" | "harm">) => ({
  visual: clip !== null && isHarmfulScene(clip.scene) ? (1 as const) : (0 as const),
  textual: harm === null ? (0 as const) : (1 as const),
});
