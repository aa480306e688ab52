import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type FuzzTarget, fuzz, keptCrashes, strayCrashes, tryInput } from "./fuzz.shared.js";

/**
 * The tests of a package's parsers: each reads some hundred damaged inputs, and every one that it once crashed on.
 *
 * @param place `import.meta.url` of the test, beside the folder `crashes`
 */
export function testFuzzTargets(targets: readonly FuzzTarget[], place: string): void {
  const crashes = fileURLToPath(new URL("crashes", place));
  test("kept crashes belong to a target", () => expect(strayCrashes(crashes, targets)).toEqual([]));
  test.each(targets.map((target) => [target.name, target] as const))(
    "%s: read or refused by name",
    async (_, target) => {
      const { crash } = await fuzz(target, { seed: 1, runs: 200, milliseconds: 1500 });
      expect(crash?.error, JSON.stringify(crash?.input)?.slice(0, 500)).toBeUndefined();
      for (const [name, input] of keptCrashes(crashes, target))
        await tryInput(target, input).catch((cause) => expect.fail(`${name}: ${cause}`));
    },
    120_000,
  );
}
