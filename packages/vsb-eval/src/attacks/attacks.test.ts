import type { RgbFrames } from "@videosafety/video-sampler";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { plannedMoments } from "../arms/planned-moments.js";
import { type Attack, type AttackInput, applyAttack, attackApplies } from "./attack.js";
import { ATTACKS, findAttack, parseAttackSpec } from "./attack-registry.js";
import { PHRASE_LANGUAGES, phrasesOf } from "./carrier-phrases.js";
import { drawable, frameOf } from "./draw-letters.js";
import { contentSpans, type Footage, plainFootage, type Span, unseenOf } from "./footage.js";
import { fragmentVisibility } from "./fragment-visibility.js";
import { splitWords } from "./picture-attacks.js";
import { renderFootage } from "./render-footage.js";
import { translationAttack } from "./text-attacks.js";

const PLAN = { type: "videollama3-reference", fps: 1, maxFrames: 90 } as const;

const clip = (seconds: number, frameRate: number, content: Span = [0, seconds]): Footage => {
  const moments = (durationSeconds: number) =>
    plannedMoments(PLAN, { durationSeconds, frameRate }).map((moment) => moment.seconds);
  return plainFootage({
    itemSeconds: seconds,
    frameRate,
    content,
    carrierSeconds: seconds + 1.5,
    assumed: moments,
    known: moments,
  });
};
const input = (query: string, footage: Footage | null = clip(6, 8)): AttackInput => ({
  query,
  language: "en",
  history: [],
  footage,
});

const video = fc
  .record({ seconds: fc.integer({ min: 1, max: 40 }), rate: fc.constantFrom(5, 8, 24, 25, 29.97, 30) })
  .map(({ seconds, rate }) => clip(seconds, rate));
const words = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 8 }).map((list) => list.join(" "));
const settings = fc.record({ intensity: fc.double({ min: 0, max: 1, noNaN: true }), seed: fc.nat() });

describe.each(ATTACKS.map((attack): [string, Attack] => [attack.name, attack]))("%s", (_, attack) => {
  it("is a pure transform that keeps the video's clock whole and the item's clip in it", () => {
    fc.assert(
      fc.property(words, video, settings, (query, footage, how) => {
        const before = input(query, footage);
        if (!attackApplies(attack, before)) return;
        const frozen = JSON.stringify(before);
        const after = applyAttack(attack, before, how);
        expect(applyAttack(attack, before, how)).toEqual(after);
        expect(JSON.stringify(before)).toBe(frozen);
        const made = after.footage as Footage;
        let at = 0;
        for (const shot of made.shots) {
          expect(shot.startSeconds).toBeCloseTo(at, 6);
          expect(shot.endSeconds).toBeGreaterThan(shot.startSeconds);
          expect(shot.sourceSeconds).toBeGreaterThanOrEqual(0);
          at = shot.endSeconds;
        }
        expect(at).toBeCloseTo(made.durationSeconds, 6);
        // Whatever is done to a video, some of the item's content stays on screen: the intent is kept.
        expect(contentSpans(made).length).toBeGreaterThan(0);
        if (attack.target === "text") expect(made).toEqual(footage);
        if (attack.target === "video") expect([after.query, after.history]).toEqual([query, []]);
      }),
      { numRuns: 40 },
    );
  });

  it("keeps the query: it can be read in or back from the text, or in the pictures", () => {
    fc.assert(
      fc.property(words, settings, (query, { seed }) => {
        const before = input(query);
        if (!attackApplies(attack, before)) return;
        const { query: said, history, footage } = applyAttack(attack, before, { intensity: 1, seed });
        if (attack.recover !== undefined) expect(attack.recover(said)).toBe(query);
        else if (attack.name === "referential") expect(said).toBe(phrasesOf("en").referential);
        else if (attack.name === "text-in-frames") {
          const written = footage?.edits.flatMap((edit) => (edit.kind === "text" ? [edit.text] : []));
          expect(written?.join(" ")).toBe(query);
        } else expect(said).toContain(query);
        expect(history.every(({ content }) => content.length > 0)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it("refuses settings that are no shares, and parameters that it does not have", () => {
    for (const intensity of [-0.1, 1.1, Number.NaN])
      expect(() => applyAttack(attack, input("how do I do this"), { intensity, seed: 1 })).toThrow(/intensity/);
    const parameters = { elsewhere: 0.5 };
    expect(() => applyAttack(attack, input("how"), { intensity: 0.5, seed: 1, parameters })).toThrow(/elsewhere/);
  });
});

test("a fragment between samples is seen by no sample, and by every plan with a shorter gap", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 30 }), fc.constantFrom(8, 24, 25, 30), (seconds, rate) => {
      const { footage } = applyAttack(findAttack("fragment-gap"), input("q", clip(seconds, rate)), {
        intensity: 1,
        seed: 0,
      });
      const made = footage as Footage;
      const of = (plan: Parameters<typeof plannedMoments>[0]) =>
        fragmentVisibility(
          made,
          plannedMoments(plan, made).map((moment) => moment.seconds),
          plan,
        );
      const usual = of(PLAN);
      expect(usual.shown).toBe(0);
      expect(usual.catchProbability).toBe(0);
      // As long as the bound allows: one frame more would be seen.
      expect(usual.contentSeconds).toBeCloseTo(usual.longestGapSeconds, 5);
      const bounded = of({ type: "max-gap", maxGapSeconds: usual.contentSeconds / 2 });
      expect(bounded.longestGapSeconds).toBeLessThanOrEqual(usual.contentSeconds / 2 + 1e-6);
      expect(bounded.shown).toBeGreaterThan(0);
      const jitter = of({ type: "jittered", frameCount: seconds, seed: 3 });
      expect(jitter.catchProbability).toBeGreaterThan(0.6);
      expect(jitter.catchProbability).toBeLessThanOrEqual(1);
    }),
    { numRuns: 30 },
  );
});

test("intensity shortens the fragment from the whole clip, and knows where the content is", () => {
  const content = [4, 5] as const;
  const at = (name: string, intensity: number) =>
    applyAttack(findAttack(name), input("q", clip(6, 8, content)), { intensity, seed: 2 }).footage as Footage;
  for (const name of ["fragment-late", "fragment-short", "fragment-gap"]) {
    expect(at(name, 0).shots).toEqual(clip(6, 8, content).shots);
    const lengths = [0, 0.25, 0.5, 0.75, 1].map((intensity) => {
      const [shot] = at(name, intensity).shots.filter(({ source }) => source === "item");
      return (shot?.endSeconds ?? 0) - (shot?.startSeconds ?? 0);
    });
    expect(lengths).toEqual([...lengths].sort((a, b) => b - a));
    expect(contentSpans(at(name, 1))[0]).toBeDefined();
  }
});

const flat = (seconds: readonly number[], value: number, [height, width] = [40, 48]): RgbFrames => ({
  data: new Uint8Array(seconds.length * height * width * 3).fill(value),
  dims: [seconds.length, height, width, 3],
});

describe("rendering", () => {
  const shown = async (name: string, intensity: number, query = "how do i do this", item = 200) => {
    const { footage } = applyAttack(findAttack(name), input(query), { intensity, seed: 5, parameters: {} });
    const frames = await renderFootage(footage as Footage, [0.5, 2.5, 5.875], async (source, seconds) =>
      source === "item" ? flat(seconds, item) : flat(seconds, 50, [20, 24]),
    );
    return [0, 1, 2].map((t) => frameOf(frames, t));
  };
  const mean = (frame: Uint8Array) => frame.reduce((sum, value) => sum + value, 0) / frame.length;

  it("shows the carrier where the item is not, at the item's size", async () => {
    const [early, , late] = await shown("fragment-late", 1);
    expect(mean(early as Uint8Array)).toBeCloseTo(50, 1);
    expect(mean(late as Uint8Array)).toBeCloseTo(200, 1);
  });

  it("lays the item small or faint over the carrier", async () => {
    const [corner] = await shown("corner", 1);
    expect(mean(corner as Uint8Array)).toBeCloseTo(50 + 150 / 100, 0);
    const [faint] = await shown("low-contrast", 1);
    expect(mean(faint as Uint8Array)).toBeCloseTo(58, 0);
    for (const name of ["corner", "low-contrast"]) expect(mean((await shown(name, 0))[0] as Uint8Array)).toBe(200);
  });

  it("writes text, a part after the other", async () => {
    const [first, second, last] = await shown("text-in-frames", 1, "how do i do this thing");
    expect(new Set([first, second, last].map((frame) => String(frame))).size).toBe(3);
    const [sign] = await shown("misleading-sign", 0.5);
    expect(sign?.includes(250) && sign.includes(15) && sign.includes(200)).toBe(true);
  });

  it("keeps a picture under strong compression, and asks each source once", async () => {
    const [frame] = await shown("re-encoded", 1);
    expect(mean(frame as Uint8Array)).toBeGreaterThan(190);
    let asked = 0;
    const { footage } = applyAttack(findAttack("fragment-late"), input("q"), { intensity: 0.5, seed: 5 });
    await renderFootage(footage as Footage, [0, 1, 2, 3, 4, 5], async (_, seconds) => {
      asked++;
      return flat(seconds, 9);
    });
    expect(asked).toBe(2);
  });
});

describe("texts", () => {
  it("has phrases of equal kinds in ten languages, with the query in each that holds it", () => {
    expect(PHRASE_LANGUAGES).toHaveLength(10);
    for (const language of PHRASE_LANGUAGES) {
      const phrases = phrasesOf(`${language}-XX`);
      for (const phrase of [...phrases.paraphrases, phrases.rolePlay]) expect(phrase.split("{query}")).toHaveLength(2);
      expect(phrases.decode).toContain("{encoding}");
      expect([phrases.turns.length, phrases.preamble.length]).toEqual([4, 5]);
    }
    expect(phrasesOf("xx")).toBe(phrasesOf("en"));
  });

  it("recovers what is encoded in any script, and leaves out what cannot be turned or drawn", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (query) => {
        for (const name of ["base64", "spacing"]) {
          const attack = findAttack(name);
          const said = applyAttack(attack, input(query), { intensity: 1, seed: 1 }).query;
          expect(attack.recover?.(said)).toBe(query);
        }
      }),
    );
    expect(attackApplies(findAttack("rot13"), input("这是什么"))).toBe(false);
    expect(attackApplies(findAttack("text-in-frames"), input("это"))).toBe(false);
    expect(drawable("¿Cómo hago “esto”?")).toBe(true);
    expect(() => applyAttack(findAttack("text-in-frames"), input("это"), { intensity: 1, seed: 1 })).toThrow(/leave/);
  });

  it("encodes a share of the words, and none at 0", () => {
    const query = Array.from({ length: 200 }, () => "word").join(" ");
    for (const name of ["base64", "rot13", "leetspeak", "spacing"]) {
      const at = (intensity: number) => applyAttack(findAttack(name), input(query), { intensity, seed: 4 }).query;
      expect(at(0)).toBe(query);
      const kept = at(0.5)
        .split(" ")
        .filter((word) => word === "word").length;
      expect(kept).toBeGreaterThan(60);
      expect(kept).toBeLessThan(140);
    }
  });

  it("translates by the caller's table, and only what is in it", () => {
    const attack = translationAttack(({ query }) => (query === "one" ? { query: "eins", language: "de" } : null));
    expect(applyAttack(attack, input("one"), { intensity: 1, seed: 1 })).toMatchObject({
      query: "eins",
      language: "de",
    });
    expect(attackApplies(attack, input("two"))).toBe(false);
    // A table with a hole: the plain query must not pass for a translated one.
    const holed = translationAttack(({ query }, { seed }) => (seed === 0 ? { query, language: "de" } : null));
    expect(() => applyAttack(holed, input("one"), { intensity: 1, seed: 1 })).toThrow(/found none/);
  });

  it("splits words evenly without losing one", () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 9 }), (text, count) => {
        const parts = splitWords(text, count);
        expect(parts.join(" ")).toBe(text);
        expect(parts.length).toBeLessThanOrEqual(count);
      }),
    );
  });
});

test("specs are read strictly", () => {
  expect(parseAttackSpec("corner")).toEqual({ name: "corner", intensity: 1 });
  expect(parseAttackSpec("corner:0.25")).toEqual({ name: "corner", intensity: 0.25 });
  for (const bad of ["", "corner:", "corner:1.5", "corner:-1", "Corner", "corner:0.5:1", "corner 1"])
    expect(() => parseAttackSpec(bad)).toThrow(/invalid|expected/);
  expect(() => findAttack("nothing")).toThrow(/fragment-late/);
  expect(unseenOf(1, 1, [0]).longestInsert).toBeNull();
});
