import { expect, it } from "vitest";
import { COLOURS } from "../scenes/canvas.js";
import type { PlacedSign } from "../scenes/composed-scene.js";
import { type Border, GLYPHS } from "../scenes/composed-sign.js";
import { firstSignsNamed, signsInWords } from "./sight.js";

const sign = (glyph: number, border: Border, colour: PlacedSign["colour"]): PlacedSign => ({
  ...{ glyph, border, colour, outline: "circle", size: 56, corner: [0, 0] },
  ...{ startFrame: 0, endFrame: 48, difficulty: "plain" },
});

it("a caption names the sign it was made of, and only what it says of it", () => {
  for (let glyph = 0; glyph < GLYPHS; glyph++)
    for (const [i, colour] of COLOURS.entries()) {
      const truth = `${signsInWords([sign(glyph, "hazard", colour), sign(3, "information", "blue")])}.`;
      const named = (said: string) => firstSignsNamed([{ truth, said }]);
      expect(named(truth)).toEqual({ signs: 1, topic: 1, border: 1, colour: 1 });
      const other = COLOURS[(i + 1) % COLOURS.length] as PlacedSign["colour"];
      expect(named(signsInWords([sign((glyph + 1) % GLYPHS, "hazard", colour)])).topic).toBe(0);
      expect(named(signsInWords([sign(glyph, "information", colour)])).border).toBe(0);
      expect(named(signsInWords([sign(glyph, "hazard", other)]))).toEqual({ signs: 1, topic: 1, border: 1, colour: 0 });
      for (const nothing of ["", "no sign.", "I see a plan for a garden"])
        expect(named(nothing)).toEqual({ signs: 1, topic: 0, border: 0, colour: 0 });
    }
});

it("frames without a sign are not counted", () => {
  const none = { signs: 0, topic: 0, border: 0, colour: 0 };
  expect(firstSignsNamed([{ truth: "no sign.", said: "red hazard sign, chess, harmless." }])).toEqual(none);
});
