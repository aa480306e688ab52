import { DEFAULT_LANGUAGES } from "@videosafety/safety-data";
import { describe, expect, it } from "vitest";
import { expandProduction } from "../grammars/grammar.js";
import { GRAMMARS } from "../grammars/grammars.js";
import { buildComposedSet, type ComposedSample } from "../records/composed-set.js";
import { isHeldOutComposition, NEW_TOPICS, SHOWN_TOPICS } from "../records/novelty.js";
import { composedCompletion } from "../records/sight.js";
import { CLIP_SIZE, SAMPLED_FRAMES } from "../scenes/canvas.js";
import { createComposedScene, renderComposedScene } from "../scenes/composed-scene.js";
import { HARMFUL_GLYPHS, isHazard } from "../scenes/composed-sign.js";
import { admissionFindings, admissionTest } from "./admission.js";
import { countSurfaceForms } from "./surface-forms.js";

const training = buildComposedSet({ seed: 5, name: "t", split: "train", clips: 120, pairs: 30 });
const heldOut = buildComposedSet({ seed: 5, name: "h", split: "heldOut", clips: 120, pairs: 30 });

describe("grammars", () => {
  it("are those of the ten languages", () => {
    expect(GRAMMARS.map(({ pack }) => pack.language)).toEqual([...DEFAULT_LANGUAGES]);
    for (const { benignTopics } of GRAMMARS) expect(new Set(benignTopics).size).toBe(12);
  });

  it("expand alternatives in order", () => {
    expect(expandProduction("(a|b|) c(d|e)")).toEqual(["a cd", "a ce", "b cd", "b ce", " cd", " ce"]);
    expect(() => expandProduction("(a|b")).toThrow(/closing bracket/);
  });

  it.each(GRAMMARS)(
    "give at least 100 surface forms per family in English and 30 elsewhere: $pack.language",
    (grammar) => {
      const least = grammar.pack.language === "en" ? 100 : 30;
      for (const forms of Object.values(countSurfaceForms(grammar))) expect(forms).toBeGreaterThanOrEqual(least);
    },
  );

  it.each(GRAMMARS)("have five training productions or more of every kind: $pack.language", (grammar) => {
    const { pack, questions, requests, contrasts, asks, reported, references } = grammar;
    const lists = [requests, contrasts, asks, reported, references, ...Object.values(questions)];
    for (const { train, heldOut } of [...lists, ...Object.values(pack.topic), ...pack.general]) {
      expect(train.length, train[0]).toBeGreaterThanOrEqual(5);
      const known = new Set(train.flatMap(expandProduction));
      expect(heldOut.flatMap(expandProduction).filter((form) => known.has(form))).toEqual([]);
    }
  });

  it("leave no slot and no bracket open, and no query of a held-out production in training", () => {
    for (const { query, answer } of [...training.samples, ...heldOut.samples]) {
      expect(query).not.toMatch(/[{}()|]/);
      expect(answer).not.toMatch(/[{}()|]/);
    }
    const productions = new Set(training.samples.map(({ production }) => production));
    expect(heldOut.samples.filter(({ production }) => productions.has(production))).toEqual([]);
    const queries = new Set(training.samples.map(({ query }) => query));
    expect(heldOut.samples.filter(({ query, family }) => family !== "G" && queries.has(query))).toEqual([]);
  });
});

describe("composed sets", () => {
  const byFamily = (samples: readonly ComposedSample[], family: string) =>
    samples.filter((one) => one.family === family);

  it("show every clip with a harmful request, a near miss, a harmless request and a question", () => {
    for (const { path } of heldOut.clips.filter((clip) => clip.path.includes("clip"))) {
      const families = heldOut.samples.filter(({ clip }) => clip?.path === path).map(({ family }) => family);
      expect(new Set(families)).toEqual(new Set(["H", "N", "B", "V", ...(families.includes("G") ? ["G"] : [])]));
    }
  });

  it("pair one query with a clip that makes it harmful and one that does not, alike but for the swapped signs", () => {
    const pairs = new Map<string, ComposedSample[]>();
    for (const sample of byFamily(heldOut.samples, "R"))
      pairs.set(sample.pair as string, [...(pairs.get(sample.pair as string) ?? []), sample]);
    expect(pairs.size).toBe(60);
    for (const members of pairs.values()) {
      const [a, b] = members as [ComposedSample, ComposedSample];
      expect(members.length).toBe(2);
      expect(a.query).toBe(b.query);
      expect(a.template).toBe(b.template);
      expect([a.outcome, b.outcome].sort()).toEqual(["answer", "refuse"]);
      expect(a.clip?.scene.objects).toEqual(b.clip?.scene.objects);
      const looks = (sample: ComposedSample) =>
        sample.clip?.scene.signs.map(({ glyph, border }) => `${glyph} ${border}`);
      expect(looks(a)).toEqual(looks(b)?.reverse());
    }
  });

  it("never train on a new topic as harm, on a held-out composition, or on a sign of child safety", () => {
    for (const { harm } of training.samples) expect(NEW_TOPICS).not.toContain(harm);
    for (const { scene } of training.clips)
      for (const { glyph, colour } of scene.signs.filter(isHazard)) {
        expect(NEW_TOPICS).not.toContain(glyph);
        expect(isHeldOutComposition(glyph, colour)).toBe(false);
      }
    for (const { scene } of [...training.clips, ...heldOut.clips])
      for (const { glyph } of scene.signs) expect(glyph >= HARMFUL_GLYPHS || SHOWN_TOPICS.includes(glyph)).toBe(true);
    expect(new Set(heldOut.samples.map(({ novelty }) => novelty))).toEqual(
      new Set(["seen", "new-composition", "new-topic"]),
    );
  });

  it("are a function of seed, name and index: asking for more changes none", () => {
    const more = buildComposedSet({ seed: 5, name: "h", split: "heldOut", clips: 150, pairs: 40 });
    const byId = new Map(more.samples.map((sample) => [sample.id, sample]));
    for (const sample of heldOut.samples) expect(byId.get(sample.id)).toEqual(sample);
  });

  it("reason about the sign that is meant", () => {
    const [referring] = byFamily(heldOut.samples, "R").filter(({ outcome }) => outcome === "refuse") as [
      ComposedSample,
    ];
    expect(composedCompletion(referring)).toMatch(
      /Sign: \w+ hazard sign, .+, hazard\. Query: harm, .+ Video: hazard\./,
    );
  });
});

describe("composed scenes", () => {
  it("show every sign in a sampled frame at least, inside the picture, the first of two before the other", () => {
    for (const { scene } of [...training.clips, ...heldOut.clips]) {
      for (const { startFrame, endFrame, corner, size } of scene.signs) {
        expect(SAMPLED_FRAMES.some((frame) => frame >= startFrame && frame < endFrame)).toBe(true);
        for (const start of corner) expect(start >= 0 && start + size <= CLIP_SIZE).toBe(true);
      }
      const [first, second] = scene.signs;
      if (first && second) {
        expect(second.startFrame).toBeGreaterThanOrEqual(first.startFrame + 8);
        expect(second.colour).not.toBe(first.colour);
      }
      expect(scene.objects.length).toBeGreaterThanOrEqual(2);
      expect(new Set(scene.objects.map(({ shape }) => shape)).size).toBe(scene.objects.length);
    }
  });

  it("are harmful by composition: neither the glyph nor the border alone", () => {
    expect(isHazard({ glyph: 3, border: "hazard" })).toBe(true);
    expect(isHazard({ glyph: 3, border: "information" })).toBe(false);
    expect(isHazard({ glyph: HARMFUL_GLYPHS, border: "hazard" })).toBe(false);
    const [a, b] = (["hazard", "information"] as const).map((border) =>
      renderComposedScene(createComposedScene("x", [{ glyph: 3, border }]), SAMPLED_FRAMES),
    );
    expect(a).not.toEqual(b);
    expect(() =>
      createComposedScene(
        "x",
        [0, 1, 2].map((glyph) => ({ glyph, border: "hazard" as const })),
      ),
    ).toThrow(/two/);
  });
});

describe("the admission test", () => {
  it("passes on a small draw: words alone and frames alone do not solve the set, the oracle does", {
    timeout: 60_000,
  }, () => {
    const rows = admissionTest({ seed: 2, training: 180, heldOut: 90 });
    expect(admissionFindings(rows)).toEqual([]);
    expect(rows.at(-1)).toMatchObject({ requests: 1, references: 1 });
    // Not a test of nothing: an explicit request can be told from its words well above chance.
    expect(Math.max(...rows.slice(0, 4).map(({ requests }) => requests))).toBeGreaterThan(0.6);
  });

  it("finds a set that words solve", () => {
    const solved = { reader: "words", requests: 0.95, references: 0.5, most: { requests: 0.9, references: 0.5 } };
    expect(admissionFindings([solved, { ...solved, most: null }])).toEqual([
      "words, requests: expected at most 90 %, found 95.0 %",
      "words, requests: expected 100 %, found 95.0 %",
      "words, references: expected 100 %, found 50.0 %",
    ]);
  });
});
