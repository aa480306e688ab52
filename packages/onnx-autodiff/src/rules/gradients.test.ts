import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { gradientCases } from "../../test/gradient-cases.js";
import { checkGradients } from "../../test/gradient-check.js";
import { gradientRules } from "../index.js";

describe("gradients against central differences in float64", { timeout: 60_000 }, () => {
  for (const [name, { make, step }] of Object.entries(gradientCases)) {
    it(name, async () => {
      const { differences, at, float32 } = await checkGradients(make, {
        samples: /decoder|vit/.test(name) ? 3 : 12,
        ...(step ? { step } : {}),
      });
      expect(differences, at).toBeLessThanOrEqual(1e-6);
      expect(float32).toBeLessThanOrEqual(1e-4);
    });
  }

  it("covers every rule", () => {
    const covered = new Set(Object.values(gradientCases).flatMap((c) => c.ops));
    expect(Object.keys(gradientRules).filter((op) => !covered.has(op))).toEqual([]);
  });

  it("GRADIENTS.md names every rule and every case", () => {
    const table = readFileSync(new URL("../../GRADIENTS.md", import.meta.url), "utf8");
    const missing = Object.keys(gradientCases).filter((name) => !table.includes(`| ${name} |`));
    expect(missing, "run npx tsx bench/gradient-table.ts").toEqual([]);
    for (const op of Object.keys(gradientRules)) expect(table).toMatch(new RegExp(`[ ,]${op}[,. |]`));
  });
});
