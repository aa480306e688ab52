import { describe, expect, it } from "vitest";
import { agreementOf } from "./agreement.js";

describe("agreementOf", () => {
  it("gives Krippendorff's published example (2011, nominal, missing data): alpha 0.743", () => {
    const raters = [
      "1 2 3 3 2 1 4 1 2 . . .",
      "1 2 3 3 2 2 4 1 2 5 . 3",
      ". 3 3 3 2 3 4 2 2 5 1 .",
      "1 2 3 3 2 4 4 1 2 5 1 .",
    ].map((line) => line.split(" ").map((value) => (value === "." ? null : value)));
    const units = Array.from({ length: 12 }, (_, u) => raters.map((rater) => rater[u] ?? null));
    expect(agreementOf(units).krippendorffAlpha).toBeCloseTo(0.743, 3);
  });
  it("keeps AC1 high where kappa collapses (by hand: p_o 0.96; kappa p_e 0.929792; AC1 p_e 2 * 0.964 * 0.036)", () => {
    const units = [
      ...Array.from({ length: 118 }, () => ["+", "+"]),
      ...Array.from({ length: 5 }, () => ["+", "-"]),
      ...Array.from({ length: 2 }, () => ["-", "-"]),
    ];
    const { cohenKappa: kappa, gwetAc1, observed } = agreementOf(units);
    expect(observed).toBeCloseTo(0.96, 12);
    expect(kappa).toBeCloseTo((0.96 - 0.929792) / (1 - 0.929792), 12);
    expect(gwetAc1).toBeCloseTo((0.96 - 0.069408) / (1 - 0.069408), 12);
  });
  it("is null where it is undefined, and 1 for perfect agreement", () => {
    expect(agreementOf([]).observed).toBeNull();
    expect(agreementOf([["a", "a"]])).toMatchObject({ cohenKappa: null, krippendorffAlpha: null, gwetAc1: null });
    expect(
      agreementOf([
        ["a", "a"],
        ["b", "b"],
      ]),
    ).toMatchObject({ cohenKappa: 1, krippendorffAlpha: 1, gwetAc1: 1 });
  });
});
